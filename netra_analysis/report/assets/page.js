// The page's one script: draws the charts over their pictures, copies tables, opens folds for print.
// No text is ever parsed as markup here: textContent and attributes only.
const ROOM = { side: 62, least: 580, lanes: 922, most: 1060 };  // below `lanes` a title meets its legend: scroll instead
const refuse = () => Promise.reject(new Error("this page loads nothing"));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

function fit(spec, width) {
  if (spec.width) {
    spec.width = width;
    for (const layer of spec.layer ?? []) centre(layer, width);
  }
  for (const view of spec.vconcat ?? []) fit(view, width);
  return spec;
}

function centre(layer, width) {
  const x = layer.encoding?.x;
  if (x && typeof x.value === "number" && x.value > 0) x.value = width / 2;
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
  const data = figure.querySelector('script[type="application/json"]');
  const live = figure.querySelector(".live");
  const still = figure.querySelector(".still");
  if (!data || !live) return;
  const spec = JSON.parse(data.textContent);
  const axes = spec.vconcat ? ROOM.side : 130;
  const least = spec.vconcat ? ROOM.lanes : ROOM.least;
  const width = Math.max(least, Math.min(ROOM.most, figure.clientWidth)) - axes;
  if (spec.vconcat || figure.clientWidth < spec.width) fit(spec, width);
  live.hidden = false;
  try {
    const options = { mode: "vega-lite", ast: true, actions: false, defaultStyle: false, hover: false };
    await vegaEmbed(live, spec, { ...options, renderer: "svg", tooltip: hint, loader, logLevel: 1 });
    if (still) still.hidden = true;
    figure.dataset.drawn = "yes";
  } catch (error) {
    live.hidden = true;
    figure.dataset.drawn = "no";
    console.error("chart not drawn; its picture stays", String(error));
  }
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
    await navigator.clipboard.writeText(csv(table));
    button.textContent = "Copied";
  });
}

addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("#appendix details")) fold.open = true;
});

(async () => {
  for (const figure of document.querySelectorAll("figure.chart")) await draw(figure);
  document.documentElement.dataset.charts = "done";
})();
