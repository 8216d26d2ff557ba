// Sorting, filtering, opening and the plots of errors. What the page says, it says without it.
(() => {
  "use strict";
  const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

  // --- tables ---------------------------------------------------------------------------------

  const marks = { w: 4, q: 3, s: 2, y: 1 };  // the classes of the matrix: the worst first
  const keys = {
    text: (cell) => (cell.querySelector("a") ?? cell).textContent.trim(),  // not its verdict
    number: (cell) => Number(cell.dataset.v ?? cell.textContent),
    mark: (cell) => marks[cell.className] ?? 0,
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.querySelectorAll("[data-sort]")];
    const sortBy = (head) => {
      const kind = head.dataset.sort, key = keys[kind], column = Number(head.dataset.col);
      const current = head.getAttribute("aria-sort");
      const descending = current ? current === "ascending" : kind !== "text";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const order = (a, b) => kind === "text" ? a.key.localeCompare(b.key) : a.key - b.key;
      const rows = [...body.rows].map((row) => ({ row, key: key(row.cells[column]) }));
      rows.sort((a, b) => (descending ? -1 : 1) * order(a, b));
      body.append(...rows.map((one) => one.row));
    };
    heads.forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(head));
      head.append(button);
    });
  };
  each("table.sortable", sortable);

  const form = document.getElementById("filter");
  if (form) {
    const text = document.getElementById("filter-text");
    const verdict = document.getElementById("filter-verdict");
    const count = document.getElementById("filter-count");
    const rows = document.querySelectorAll("#matrix tbody tr");
    const parts = document.querySelectorAll("#accuracy-table tbody tr, details.operation");
    const filter = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (one) => words.every((word) => one.dataset.op.toLowerCase().includes(word)) &&
        (verdict.value === "" || one.dataset.verdict === verdict.value);
      let shown = 0;
      rows.forEach((row) => {
        row.hidden = !fits(row);
        shown += row.hidden ? 0 : 1;
      });
      parts.forEach((part) => { part.hidden = !fits(part); });
      count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
    };
    form.addEventListener("submit", (event) => event.preventDefault());
    text.addEventListener("input", filter);
    verdict.addEventListener("change", filter);
    form.hidden = false;
    filter();
  }

  // --- opening --------------------------------------------------------------------------------

  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    const part = target && target.closest("details");
    if (!part) return;
    part.hidden = false;  // though it was filtered out
    part.open = true;
    part.scrollIntoView();
    part.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", openTarget);
  document.addEventListener("click", (event) => {  // a second time to the same place
    const link = event.target.closest && event.target.closest("a[href^='#op-']");
    if (link && link.getAttribute("href") === location.hash) openTarget();
  });
  each(".all", (span) => { span.hidden = false; });
  const openAll = (open) => each("details.operation", (part) => { part.open = open; });
  document.getElementById("open-all")?.addEventListener("click", () => openAll(true));
  document.getElementById("close-all")?.addEventListener("click", () => openAll(false));

  // --- plots of errors ------------------------------------------------------------------------

  const width = 480, height = 176, left = 38, right = 470, top = 14, bottom = 148;

  /// Base 64: every x as a float or the upper half of a double, then every error as the upper half
  /// of a float.
  const decode = (figure) => {
    const bytes = Uint8Array.from(atob(figure.dataset.points), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const exact = figure.dataset.scalar === "float", count = bytes.length / 6;
    const word = new DataView(new ArrayBuffer(8));
    return Array.from({ length: count }, (_, i) => {
      word.setUint32(0, view.getUint32(4 * i, true));
      const x = exact ? word.getFloat32(0) : word.getFloat64(0);
      word.setUint32(0, view.getUint16(4 * count + 2 * i, true) << 15);
      const ulp = word.getFloat32(0);
      word.setUint32(0, 0);
      return { x, ulp, exact };
    });
  };

  /// As C writes it: 0x1.8p+1.
  const hex = (x) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, x);
    const high = view.getUint32(0), sign = high >>> 31 ? "-" : "";
    if (!Number.isFinite(x)) return sign + "inf";
    const exponent = high >>> 20 & 0x7ff;
    if (exponent === 0 && x === 0) return sign + "0x0p+0";
    const digits = (BigInt(high & 0xfffff) << 32n | BigInt(view.getUint32(4)))
      .toString(16).padStart(13, "0").replace(/0+$/, "");
    const power = exponent === 0 ? -1022 : exponent - 1023;
    const point = digits ? "." + digits : "";
    return `${sign}0x${exponent === 0 ? 0 : 1}${point}p${power < 0 ? "" : "+"}${power}`;
  };

  const superscript = (n) => String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);
  const powerOfTen = (n) => "10" + superscript(n);
  const figureText = (ulp) => {
    if (!Number.isFinite(ulp)) return "∞";
    if (ulp === 0) return "0";
    if (ulp < 1e6) return String(Number(ulp.toPrecision(2)));  // of the 8 bits that are there
    const [mantissa, exponent] = ulp.toExponential(1).split("e");
    return `${mantissa}×${powerOfTen(Number(exponent))}`;
  };
  const describe = (p) => `${figureText(p.ulp)} ulp at x ${p.exact ? "=" : "≈"} ${Number(p.x.toPrecision(6))}` +
    (p.exact ? ` (${hex(p.x)})` : "");

  /// sign(x) (log2|x| - log2(smallest)): every power of two has the same room, and 0 its place
  /// between the two smallest numbers.
  const xAxis = (points, isFloat) => {
    const smallest = isFloat ? -149 : -1074;
    const place = (x) => {
      if (x === 0 || Number.isNaN(x)) return 0;
      const magnitude = Number.isFinite(x) ? Math.log2(Math.abs(x)) : (isFloat ? 128 : 1024);
      return Math.sign(x) * Math.max(magnitude - smallest + 1, 0);
    };
    const places = points.map((p) => place(p.x));
    let low = Math.min(...places), high = Math.max(...places);
    const margin = Math.max(0.012 * (high - low), 0.5);
    low -= margin;
    high += margin;
    const at = (x) => left + (right - left) * (place(x) - low) / (high - low);
    const ticks = [];
    const offer = (x, label) => {
      const here = at(x);
      const inside = here >= left - 0.5 && here <= right + 0.5;
      if (inside && ticks.every((tick) => Math.abs(tick.at - here) >= 42)) {
        ticks.push({ at: here, label });
      }
    };
    offer(0, "0");
    offer(1, "1");
    offer(-1, "−1");
    const far = isFloat ? 38 : 300, middle = isFloat ? 20 : 150;
    for (const e of [far, middle, -middle, -far, 4, -4, 2, -2, 1, -1]) {
      offer(10 ** e, powerOfTen(e));
      offer(-(10 ** e), "−" + powerOfTen(e));
    }
    return { at, ticks };
  };

  /// Linear from 0, or logarithmic in 1 + ulp where the worst would flatten everything else.
  const yAxis = (worst, claim) => {
    const floor = Math.max(claim, 1), most = Math.max(worst, floor);
    const logarithmic = most > 25 * floor;
    const scale = (ulp) => logarithmic ? Math.log10(1 + Math.min(ulp, 1e30)) : ulp;
    const high = logarithmic ? scale(most) * 1.06 : most * 1.12;
    const at = (ulp) => bottom - (bottom - top) * Math.min(scale(ulp) / high, 1);
    const ticks = [{ ulp: 0, label: "0" }];
    if (logarithmic) {
      const step = Math.max(1, Math.ceil(high / 4));
      for (let e = step; e < high; e += step) {
        ticks.push({ ulp: 10 ** e, label: e < 3 ? String(10 ** e) : powerOfTen(e) });
      }
    } else {
      let step = 10 ** Math.floor(Math.log10(high));
      while (high / step < 3) step /= 2;
      while (high / step > 5) step *= 2;
      for (let i = 1; i * step < high; ++i) {
        ticks.push({ ulp: i * step, label: String(Number((i * step).toPrecision(6))) });
      }
    }
    return { at, ticks, logarithmic };
  };

  const svgns = "http:" + "//www.w3.org/2000/svg";  // a name, not an address
  const element = (name, attributes, text) => {
    const made = document.createElementNS(svgns, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const round = (x) => Math.round(10 * x) / 10;

  const axes = (svg, x, y) => {
    for (const { ulp, label } of y.ticks) {
      const at = round(y.at(ulp));
      svg.append(element("path", { class: "grid", d: `M${left} ${at}H${right}` }),
        element("text", { x: left - 6, y: at + 3.5, "text-anchor": "end" }, label));
    }
    for (const { at, label } of x.ticks) {
      const zero = label === "0", text = Math.min(Math.max(at, left + 2), right - 8);
      svg.append(
        element("path", { class: zero ? "zero" : "tick", d: `M${round(at)} ${zero ? top : bottom}V${bottom + 4}` }),
        element("text", { x: round(text), y: bottom + 17, "text-anchor": "middle" }, label));
    }
    svg.append(element("text", { x: 4, y: top - 4 }, y.logarithmic ? "ulp (log)" : "ulp"),
      element("text", { x: right + 9, y: bottom + 3.5, "text-anchor": "end" }, "x"));
  };

  const drawing = (figure, drawn, more = {}) => element("svg", {
    class: "drawn", viewBox: `0 0 ${width} ${drawn}`, role: "img",
    "aria-label": figure.querySelector("figcaption").textContent.trim(), ...more,
  });

  const plotErrors = (figure) => {
    const points = decode(figure);
    const claim = figure.dataset.claim === undefined ? null : Number(figure.dataset.claim);
    const worst = points.reduce((a, b) => (b.ulp > a.ulp ? b : a));
    const x = xAxis(points, figure.dataset.scalar === "float");
    const y = yAxis(worst.ulp, claim ?? 0);
    const svg = drawing(figure, height, { tabindex: 0, "aria-keyshortcuts": "ArrowLeft ArrowRight" });
    axes(svg, x, y);
    const isBeyond = (p) => claim !== null && p.ulp > claim;
    const path = (some) => some.map((p) => `M${round(x.at(p.x))} ${round(y.at(p.ulp))}h0`).join("");
    svg.append(element("path", { class: "marks", d: path(points.filter((p) => !isBeyond(p))) }),
      element("path", { class: "marks beyond", d: path(points.filter(isBeyond)) }));
    if (claim !== null) {
      const at = round(y.at(claim));
      svg.append(element("path", { class: "claim", d: `M${left} ${at}H${right}` }),
        element("text", { class: "label", x: right, y: at - 4, "text-anchor": "end" }, `claimed ${claim}`));
    }
    const cx = x.at(worst.x), atRight = cx > (left + right) / 2;
    svg.append(
      element("circle", { class: isBeyond(worst) ? "worst beyond" : "worst", cx: round(cx), cy: round(y.at(worst.ulp)), r: 3.5 }),
      element("text", { class: "label", x: round(cx + (atRight ? -8 : 8)), y: round(Math.max(y.at(worst.ulp) + 3.5, top + 6)), "text-anchor": atRight ? "end" : "start" },
        `${figureText(worst.ulp)} at ${Number(worst.x.toPrecision(4))}`));
    const pointer = element("circle", { class: "pointer", r: 5, visibility: "hidden" });
    svg.append(pointer);
    const said = document.createElement("p");
    said.className = "said";
    said.setAttribute("aria-live", "polite");
    said.textContent = "Point at a mark for its x.";
    let current = points.indexOf(worst);
    const show = (index) => {
      current = Math.min(Math.max(index, 0), points.length - 1);
      const p = points[current];
      pointer.setAttribute("cx", round(x.at(p.x)));
      pointer.setAttribute("cy", round(y.at(p.ulp)));
      pointer.setAttribute("visibility", "visible");
      said.textContent = describe(p);
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), scale = width / box.width;
      const px = (event.clientX - box.left) * scale, py = (event.clientY - box.top) * scale;
      const distance = (p) => Math.hypot(x.at(p.x) - px, (y.at(p.ulp) - py) / 4);
      let nearest = 0;
      points.forEach((p, i) => { if (distance(p) < distance(points[nearest])) nearest = i; });
      show(nearest);
    });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(current + step);
    });
    figure.append(svg, said);
  };
  /// How many derivatives lie in each quarter of an ulp, logarithmic: the few large errors matter.
  const plotHistogram = (figure) => {
    const floor = 84, ceiling = 14;
    const bars = figure.dataset.counts.split(" ").map((pair) => pair.split(":").map(Number));
    const claim = figure.dataset.claim === undefined ? null : 4 * Number(figure.dataset.claim);
    const most = Math.max(claim ?? 0, bars[bars.length - 1][0] + 1, 8) + 1;
    const tallest = Math.max(...bars.map(([, count]) => count));
    const x = (quarter) => left + (right - left) * quarter / most;
    const share = (count) => Math.log10(1 + count) / Math.log10(1 + tallest);
    const svg = drawing(figure, 112);
    const bar = ([quarter, count]) =>
      `M${round(x(quarter + 0.5))} ${floor}V${round(floor - (floor - ceiling) * share(count))}`;
    const excused = figure.dataset.excused !== undefined;
    const isBeyond = ([quarter]) => claim !== null && !excused && quarter >= claim;
    const thick = Math.max(1, (right - left) / most - 1);
    svg.append(element("path", { class: "grid", d: `M${left} ${floor}H${right}` }),
      element("path", { class: "bars", "stroke-width": thick, d: bars.filter((b) => !isBeyond(b)).map(bar).join("") }),
      element("path", { class: "bars beyond", "stroke-width": thick, d: bars.filter(isBeyond).map(bar).join("") }));
    const step = most > 40 ? 4 : most > 12 ? 2 : 1;
    for (let ulp = 0; 4 * ulp < most; ulp += step) {
      svg.append(element("text", { x: round(x(4 * ulp)), y: floor + 15, "text-anchor": "middle" }, String(ulp)));
    }
    if (claim !== null) {
      svg.append(element("path", { class: "claim", d: `M${round(x(claim))} ${ceiling - 6}V${floor}` }));
    }
    svg.append(element("text", { x: left - 6, y: ceiling + 6, "text-anchor": "end" }, String(tallest)),
      element("text", { x: right + 9, y: floor + 15, "text-anchor": "end" }, "ulp"));
    figure.append(svg);
  };

  /// The error of a central difference, and the estimate of it, over the step: all base-2 logarithms.
  const plotSteps = (figure) => {
    const bytes = Uint8Array.from(atob(figure.dataset.points), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const value = (i) => {
      const sixteenths = view.getInt16(2 * i, true);
      return sixteenths <= -1074 * 16 || sixteenths === 32767 ? NaN : sixteenths / 16;  // of 0: none
    };
    const rows = Array.from({ length: bytes.length / 6 }, (_, i) => [0, 1, 2].map((k) => value(3 * i + k)));
    rows.sort((a, b) => a[0] - b[0]);
    const finite = rows.flatMap(([, error, bound]) => [error, bound]).filter(Number.isFinite);
    const low = Math.min(...finite), high = Math.max(...finite, low + 1);
    const first = rows[0][0], last = Math.max(rows[rows.length - 1][0], first + 1);
    const x = (step) => round(left + (right - left) * (step - first) / (last - first));
    const y = (error) => round(bottom - (bottom - top) * (error - low) / (high - low));
    const svg = drawing(figure, height);
    const ticks = (from, to, count) => {
      const step = Math.max(1, Math.ceil((to - from) / count));
      const all = [];
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) all.push(at);
      return all;
    };
    for (const at of ticks(low, high, 4)) {
      svg.append(element("path", { class: "grid", d: `M${left} ${y(at)}H${right}` }),
        element("text", { x: left - 6, y: y(at) + 3.5, "text-anchor": "end" }, `2${superscript(at)}`));
    }
    for (const at of ticks(first, last, 6)) {
      svg.append(element("path", { class: "tick", d: `M${x(at)} ${bottom}V${bottom + 4}` }),
        element("text", { x: x(at), y: bottom + 17, "text-anchor": "middle" }, `2${superscript(at)}`));
    }
    for (const [k, form] of [[2, "curve bound"], [1, "curve"]]) {
      let d = "", pen = "M";  // what cannot be shown, an error of 0, is a gap
      for (const row of rows) {
        if (Number.isFinite(row[k])) d += `${pen}${x(row[0])} ${y(row[k])}`;
        pen = Number.isFinite(row[k]) ? "L" : "M";
      }
      svg.append(element("path", { class: form, d }));
    }
    svg.append(element("text", { x: 4, y: top - 4 }, "error"),
      element("text", { x: right + 9, y: bottom + 3.5, "text-anchor": "end" }, "step"));
    figure.append(svg);
  };

  const plots = { errors: plotErrors, histogram: plotHistogram, steps: plotSteps };
  const plotAll = (within) => Object.entries(plots).forEach(([name, plot]) =>
    each(`figure.${name}`, (figure) => figure.querySelector("svg") || plot(figure), within));

  // Drawn when they are first seen: the page opens at once.
  each("details.operation", (part) => part.addEventListener("toggle", () => part.open && plotAll(part)));
  addEventListener("beforeprint", () => each("details.operation[open]", plotAll));
  openTarget();
})();
