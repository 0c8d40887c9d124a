// What the names in a block's formulas stand for: its arrays, and the numbers it was made with.
import type { Block } from "./data";
import { type Cell, type Place, type Quantity, quantityAt, type Scope, Unknown } from "./evaluate";
import { type Matrix, matrixOf, valueAt } from "./matrix";

const SETTINGS: Record<string, string> = { ε: "eps", α: "alpha", a: "slope", p: "rate", δ: "delta" };
const KEPT: Record<string, string> = {
  M: "mask",
  μ: "batch_mean",
  v: "batch_variance",
  s: "scale",
  σ: "gate",
};
const CONSTANTS: Record<string, number> = { λ: 1.0507009873554805, α: 1.6732632423543772 }; // of SELU

/** The scope of an operation's formulas. */
export function scopeOf(block: Block, matrices: Matrix[]): Scope {
  const named = (role: string) => matrixOf(block, role, matrices);
  const overRows = "batch_mean" in block.arrays;
  const columns = block.settings.columns;

  function meant(name: string): Matrix | undefined {
    const lower = name.toLowerCase();
    if (name === "G") return named("output_grad");
    if (lower === "x") return named("input");
    if (lower === "y") return named("output");
    if (name === "g") return named("gate") ?? named("param") ?? named("output_grad");
    return named(KEPT[name] ?? "") ?? ("WwbBag".includes(name) ? named("param") : undefined);
  }

  function quantity(name: string, index: string, place: Place): Quantity {
    const matrix = meant(name);
    if (matrix && index === "i c_j" && Array.isArray(columns)) {
      return quantityAt(matrix, place.i ?? 0, columns[place.j ?? 0] ?? -1);
    }
    if (matrix) return quantityAt(matrix, ...cellOf(matrix, index, place));
    const setting = block.settings[SETTINGS[name] ?? ""] ?? CONSTANTS[name];
    if (typeof setting === "number") return { value: setting };
    const input = named("input");
    if (name === "n" && input) return { value: input.rows };
    if (input && (name === "μ" || name === "v")) return moment(input, place, name, overRows);
    throw new Unknown(name);
  }

  return {
    quantity,
    length: (name, axis) => lengthOf(meant(name), axis),
    meanOver: overRows ? "i" : "j",
    isApproximate: block.settings.approximate === true,
  };
}

/**
 * The scope of a loss's formulas: p or z is the prediction, t the target, w the weights. Where the
 * prediction has several outputs for a column of the target, they are quantiles, side by side, or
 * means m, and after them s, of which variances are made.
 */
export function lossScopeOf(block: Block, matrices: Matrix[]): Scope {
  const named = (role: string) => matrixOf(block, role, matrices);
  const [prediction, target] = [named("prediction"), named("target")];

  const { quantiles } = block.settings;
  const taus = Array.isArray(quantiles) ? quantiles : [];

  function meant(name: string): Matrix | undefined {
    return { p: prediction, z: prediction, m: prediction, t: target, w: named("weights") }[name];
  }

  function quantity(name: string, index: string, place: Place): Quantity {
    const matrix = meant(name);
    const [i, j] = [place.i ?? 0, place.j ?? 0];
    if (name === "τ" && taus.length) return { value: taus[j % taus.length] ?? Number.NaN };
    if (name === "t" && target && taus.length) {
      return quantityAt(target, i, Math.floor(j / taus.length));
    }
    if (name === "s" && prediction && target) return quantityAt(prediction, i, j + target.columns);
    if (matrix) return quantityAt(matrix, ...cellOf(matrix, index, place));
    if (name === "n" && prediction) return { value: prediction.rows };
    if (name === "q" && prediction && target) return share(prediction, target, block, index, place);
    const setting = block.settings[SETTINGS[name] ?? ""];
    if (typeof setting === "number") return { value: setting };
    throw new Unknown(name);
  }

  return {
    quantity,
    length: (name, axis) => {
      const isOutput = name === "q" || (name === "t" && taus.length > 0);
      return lengthOf(isOutput ? prediction : "ms".includes(name) ? target : meant(name), axis);
    },
    meanOver: "j",
    isApproximate: false,
  };
}

/** Two letters are row and column; one is that of a parameter's column, or of a column of rows. */
function cellOf(matrix: Matrix, index: string, place: Place): [number, number] {
  const letters = index.replace(/\W/g, "");
  const [first, second] = [...letters].map((letter) => place[letter]);
  const [i, j] = [place.i ?? 0, place.j ?? 0];
  if (letters.length === 0) return [i, j];
  if (first === undefined) throw new Unknown(index);
  if (letters.length === 1) return matrix.rows === 1 ? [0, first] : [first, 0];
  if (letters.length > 2 || second === undefined) throw new Unknown(index);
  return [first, second];
}

function lengthOf(matrix: Matrix | undefined, axis: number): number | undefined {
  return matrix && [matrix.rows, matrix.columns][axis];
}

/** Mean or variance of the row or column in which a cell stands. */
function moment(input: Matrix, place: Place, name: string, overRows: boolean): Quantity {
  const length = overRows ? input.rows : input.columns;
  const cells: Cell[] = Array.from({ length }, (_, number) => ({
    matrix: input,
    row: overRows ? number : (place.i ?? 0),
    column: overRows ? (place.j ?? 0) : number,
  }));
  const values = cells.map(({ row, column }) => valueAt(input, row, column));
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
  return { value: name === "μ" ? mean : variance, of: cells };
}

/** The share of a class in a target, which may be the label of one, smoothed. */
function share(
  prediction: Matrix, target: Matrix, block: Block, index: string, place: Place,
): Quantity {
  const [row, column] = cellOf(prediction, index, place);
  const smoothing = Number(block.settings.label_smoothing ?? 0);
  const labels = target.columns === 1;
  const found = quantityAt(target, row, labels ? 0 : column);
  const told = labels ? Number(found.value === column) : found.value;
  const value = (1 - smoothing) * told + smoothing / prediction.columns;
  return value === found.value && !labels ? found : { value, of: found.cell ? [found.cell] : [] };
}
