// The operation for the program: assay verify @NAME@ --plugin lib@NAME@.so

#include "@NAME@.hpp"

#include <assay/verify.hpp>

ASSAY_OPERATIONS(@OPERATION@)
