// The page's one script: draws the charts over their pictures, copies tables, opens folds for print.
// No text is ever parsed as markup here: textContent and attributes only.
const ROOM = { side: 62, lanes: 922, most: 1060, least: 320 };  // below `lanes` a title meets its legend
const SMALL = { plot: 130, scale: 0.72 };  // a chart beside words gives up its plot first, then its size, then scrolls
const refuse = () => Promise.reject(new Error("this page loads nothing"));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

function fit(spec, width) {
  if (spec.width) {
    for (const layer of spec.layer ?? []) move(layer, spec.width, width);
    spec.width = width;
  }
  for (const view of spec.vconcat ?? []) fit(view, width);
  return spec;
}

// A place inside the plot keeps its share of the width; words beside the plot keep their distance from it.
function move(layer, before, after) {
  const x = layer.encoding?.x;
  if (x && typeof x.value === "number") x.value = x.value < before ? x.value * after / before : x.value - before + after;
  for (const inner of layer.layer ?? []) move(inner, before, after);
}

// Of a name longer than `most` letters both ends, the last one the longer: names of one family differ there.
function ends(most) {
  const first = Math.floor(most / 3);
  const short = `slice(datum.label, 0, ${first}) + '…' + slice(datum.label, ${first + 1 - most})`;
  return `length(datum.label) > ${most} ? ${short} : datum.label`;
}

// The spec for a figure of this width: where there is little room, long names are cut earlier and a legend has rows.
function parsed(text, room) {
  const small = room < 600;
  const limit = small ? Math.round(0.34 * room) : 240;
  return JSON.parse(text, (key, value) => {
    if (key === "labelLimit") return Math.min(value, limit);
    if (small && key === "labelExpr" && value.includes("'…'")) return ends(Math.floor(limit / 6));
    return small && key === "legend" && value?.orient === "top" ? { ...value, columns: 3 } : value;
  });
}

// Lanes at the width there is: laid out for a phone where the wide ones would meet their legends.
function lanes(figure, wide, room) {
  const narrow = figure.querySelector("script.narrow");
  if (room >= ROOM.lanes || !narrow) return fit(wide, Math.max(ROOM.lanes, Math.min(ROOM.most, room)) - ROOM.side);
  const spec = parsed(narrow.textContent, room);
  return fit({ ...spec, datasets: { ...wide.datasets, ...spec.datasets } }, Math.max(ROOM.least, room) - ROOM.side);
}

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

function hint(_, event, item, value) {
  tip.hidden = value == null || value === "";
  if (tip.hidden) return;
  tip.replaceChildren();
  for (const [name, words] of Object.entries(typeof value === "object" ? value : { "": value })) {
    const line = document.createElement("p");
    const label = document.createElement("span");
    label.textContent = name;
    line.append(label, " " + String(words));
    tip.append(line);
  }
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 8)) + "px";
}

async function draw(figure) {
  const data = figure.querySelector("script.wide");
  const live = figure.querySelector(".live");
  const still = figure.querySelector(".still");
  if (!data || !live) return;
  const room = figure.clientWidth;
  const said = live.getAttribute("aria-label");
  const spec = parsed(data.textContent, room);
  live.hidden = false;
  try {
    if (spec.vconcat) {
      await embed(live, lanes(figure, spec, room));
    } else {
      await embed(live, spec);
      await squeeze(live, data.textContent, room);
    }
    describe(live, said);
    if (still) still.hidden = true;
    figure.dataset.drawn = "yes";
  } catch (error) {
    live.hidden = true;
    figure.dataset.drawn = "no";
    console.error("chart not drawn; its picture stays", String(error));
  }
}

// Vega calls the place that it draws in a document without a name: a reader is told what the picture shows instead.
function describe(live, said) {
  live.removeAttribute("aria-roledescription");
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", said);
  live.querySelector("svg").setAttribute("aria-hidden", "true");
}

function embed(live, spec) {
  const options = { mode: "vega-lite", ast: true, actions: false, defaultStyle: false, hover: false };
  return vegaEmbed(live, spec, { ...options, renderer: "svg", tooltip: hint, loader, logLevel: 1 });
}

async function squeeze(live, text, room) {
  const over = live.querySelector("svg").clientWidth - room;
  if (over <= 0) return;
  const spec = parsed(text, room);
  await embed(live, fit(spec, Math.max(Math.min(SMALL.plot, spec.width), spec.width - over)));
  const svg = live.querySelector("svg");
  const scale = Math.max(SMALL.scale, room / svg.clientWidth);
  if (scale >= 1) return;
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  svg.setAttribute("width", Math.floor(width * scale));
  svg.setAttribute("height", Math.ceil(height * scale));
}

const risky = /^[=+\-@\t\r]/;
const number = /^[+\-]?[\d.,]+$/;
function csv(table) {
  const field = (cell) => {
    const text = cell.textContent.trim();
    const safe = risky.test(text) && !number.test(text) ? "'" + text : text;
    return '"' + safe.replaceAll('"', '""') + '"';
  };
  return [...table.rows].map((row) => [...row.cells].map(field).join(",")).join("\r\n");
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const table = button.closest(".tablebox").querySelector("table");
    try {
      await navigator.clipboard.writeText(csv(table));
      button.textContent = "Copied";
    } catch { // no permission, or a page that came over plain HTTP
      button.textContent = "Blocked by the browser";
    }
  });
}

// The window as the reader's own clock has it, where that is not UTC.
for (const box of document.querySelectorAll(".local")) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const shown = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone });
  const start = new Date(box.dataset.start);
  if (timeZone === "UTC" || shown.format(start) === box.dataset.start.slice(0, 16).replace("T", " ")) continue;
  box.querySelector("dt").textContent = `Window (${timeZone})`;
  const [first, last] = [shown.format(start), shown.format(new Date(box.dataset.end))];
  box.querySelector("dd").textContent = `${first} – ${first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last}`;
  box.hidden = false;
}

// A link into a fold opens it, also in browsers that do not do so by themselves.
function unfold() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = place; at; at = at.parentElement) if (at.matches("details.fold")) at.open = true;
  place?.scrollIntoView();
}
addEventListener("hashchange", unfold);

// A stop of the tab key only where there is something to scroll.
function stops() {
  for (const box of document.querySelectorAll("[tabindex='0'].scroll, pre[tabindex='0']")) {
    if (!box.clientWidth || box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) continue;
    box.removeAttribute("tabindex");
    if (box.getAttribute("role") === "region") box.removeAttribute("role");
  }
}

// A style sheet opens the folds of a phone on wide screens and on paper; browsers that cannot are helped.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("#appendix details.query, details.fold")) fold.open = true;
});
if (!CSS.supports("selector(::details-content)") && innerWidth > 640) {
  for (const fold of document.querySelectorAll("details.fold:not(.shut)")) fold.open = true;
}

(async () => {
  for (const figure of document.querySelectorAll("figure.chart")) await draw(figure);
  stops();
  if (location.hash) unfold();
  document.documentElement.dataset.charts = "done";
})();
