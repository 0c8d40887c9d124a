// What tests read on the page of a training step.
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// Let all cells of arrays be in view, and nothing be folded.
const unfold = () => {
  const style = document.createElement("style");
  style.textContent = "main, .array { max-width: none !important; flex: none !important; }";
  document.getElementById("page").shadowRoot.append(style);
};

// Show another tape in the place of this one.
const show = async (data) => {
  GlassbrickPage.mount(document.getElementById("page"), data);
  while (!document.getElementById("page").shadowRoot.querySelector(".scene")) await drawn();
  await drawn();
};

// All that a scene shows.
const scene = async () => {
  const root = document.getElementById("page").shadowRoot;
  const scene = root.querySelector(".scene");
  const folded = scene.querySelectorAll("details:not([open])");
  for (const each of folded) each.open = true;
  if (folded.length) await drawn();
  const arrays = {};
  for (const figure of scene.querySelectorAll("figure")) {
    const cells = {};
    for (const row of figure.querySelectorAll("[role=row]")) {
      for (const cell of row.querySelectorAll("[role=gridcell]")) {
        cells[`${row.ariaRowIndex - 1},${cell.ariaColIndex - 1}`] = cell.textContent;
      }
    }
    arrays[figure.dataset.role] = {
      cells,
      shape: figure.querySelector(".shape").textContent,
      verdict: figure.querySelector(".verdict")?.textContent ?? "",
    };
  }
  const formulas = [...scene.querySelectorAll(".formula")].map((each) => each.ariaLabel);
  const { step, phase, block } = scene.dataset;
  const status = root.querySelector("[role=status]").textContent;
  const lit = [...root.querySelectorAll("[aria-current=step]")].map((each) => each.dataset.block);
  const marks = root.querySelectorAll("figure.wrong, .verdict.bad, .differs").length;
  return { step: Number(step), phase, block, formulas, arrays, status, lit, marks };
};

// What is told of the chosen cell.
const chosen = () => {
  const cell = document.getElementById("page").shadowRoot.querySelector(".chosen-cell");
  const texts = (name) => [...cell.querySelectorAll(name)].map((each) => each.textContent);
  const [name, full] = [cell.querySelector("h3").textContent, texts(".full")[0]];
  const terms = [...cell.querySelectorAll(".split tbody tr")].map((row) =>
    [...row.querySelectorAll("th, .product, .value")].map((each) => each.textContent));
  return { name, full, said: texts(".put-in")[0] ?? "", definitions: texts(".with"), terms };
};

// Choose cells, one after the other.
const choose = async (cells) => {
  const told = [];
  for (const cell of cells) told.push(await chooseOne(cell));
  return told;
};

const chooseOne = async ([role, row, column]) => {
  const root = document.getElementById("page").shadowRoot;
  const figure = root.querySelector(`figure[data-role="${role}"]`);
  const line = figure.querySelector(`[role=row][aria-rowindex="${row + 1}"]`);
  line.querySelector(`[aria-colindex="${column + 1}"]`).click();
  await new Promise((done) => setTimeout(done));  // by then Preact has rendered
  return chosen();
};

// Least contrast of all texts with what is behind them, and what has no name or sticks out.
const readable = () => {
  const root = document.getElementById("page").shadowRoot;
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const channels = (color, under) => {
    const key = color + under;
    if (!known.has(key)) known.set(key, painted(color, under));
    return known.get(key);
  };
  const painted = (color, under) => {
    context.fillStyle = under; context.fillRect(0, 0, 1, 1);
    context.fillStyle = color; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const page = getComputedStyle(root.host).backgroundColor;
  const behind = (element) => {
    for (let at = element; at instanceof Element; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$|transparent/.test(color)) return `rgb(${channels(color, page).join(",")})`;
    }
    return page;
  };
  let contrast = 21, what = "";
  for (const element of root.querySelectorAll("main *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((n) => n.data).join("").trim();
    if (!text || element.closest(":disabled, .unseen")) continue;
    const under = behind(element);
    const [a, b] = [light(channels(getComputedStyle(element).color, under)), light(channels(under, page))];
    const found = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (found < contrast) [contrast, what] = [found, `${element.className}: ${text}`];
  }
  const needName = root.querySelectorAll("button, input, [role=grid], nav, section");
  const unnamed = [...needName].filter((each) => !(each.ariaLabel || each.textContent.trim())).length;
  return { contrast, what, unnamed, overflow: document.documentElement.scrollWidth - innerWidth };
};
