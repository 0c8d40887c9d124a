// What the page tells of one cell: its number, how it was made, and of which cells.
import type { Block } from "./data";
import { figure, inFull } from "./figures";
import { indexOf, type Matrix, matrixOf, valueAt } from "./matrix";
import type { Scene, Shown } from "./scenes";
import { lossScopeOf, scopeOf } from "./scope";
import { agrees, type Written, written } from "./written";

export interface Chosen {
  role: string;
  row: number;
  column: number;
}

export interface Told {
  name: string;
  shape: string;
  full: string;
  short: string;
  numbers: Written | undefined;
  /** Whether the rule gives another number than the block did. */
  differs: boolean;
  /** Cells of each array, by its role, that the chosen one is made of. */
  marks: Map<string, Set<number>>;
}

/** Formulas of whole matrices, said of one cell. */
const OF_A_CELL: Record<string, string> = {
  "Y = X W": "y = Σ_k x_ik W_kj",
  "∂L/∂X = G Wᵀ": "x = Σ_k G_ik W_jk",
  "∂L/∂W = Xᵀ G": "w = Σ_r x_ri G_rj",
};

export function toldOf(scene: Scene, block: Block, isLoss: boolean, matrices: Matrix[], chosen: Chosen): Told {
  const shown = [...scene.results, ...scene.given].find((each) => each.role === chosen.role) as Shown;
  const matrix = matrixOf(block, chosen.role, matrices) as Matrix;
  const value = valueAt(matrix, chosen.row, chosen.column);
  const result = scene.results.find((each) => each.role === chosen.role);
  const numbers = result && numbersOf(scene, result.rule, block, isLoss, matrices, chosen);
  const right = numbers && agrees(numbers, value, matrix);
  const isWrong = result?.check?.verdict === "WRONG";
  const marks = new Map<string, Set<number>>();
  for (const cell of right || isWrong ? (numbers?.cells ?? []) : []) {
    const role = cell.matrix.role ?? "";
    const marked = marks.get(role) ?? new Set();
    marks.set(role, marked.add(cell.row * cell.matrix.columns + cell.column));
  }
  const index = indexOf(matrix, chosen.row, chosen.column);
  const symbol = shown.symbol.split(" = ")[0] ?? "";
  return {
    name: index ? `${symbol.replace(/[A-Z]$/, (letter) => letter.toLowerCase())}[${index}]` : symbol,
    shape: matrix.shape.join(" × ") || "a number",
    full: inFull(value, matrix),
    short: figure(value, matrix.digits),
    numbers: right || isWrong ? numbers : undefined,
    differs: isWrong && !right,
    marks,
  };
}

function numbersOf(
  scene: Scene, rule: string, block: Block, isLoss: boolean, matrices: Matrix[], chosen: Chosen,
): Written | undefined {
  const place = { i: chosen.row, j: chosen.column };
  if (scene.phase === "update") return updateOf(block, matrices, chosen);
  if (isLoss) return written(weighted(rule, block), lossScopeOf(block, matrices), place);
  if ([...Object.values(block.arrays)].some((id) => (matrices[id]?.shape.length ?? 0) > 2)) return undefined;
  return written(OF_A_CELL[rule] ?? rule, scopeOf(block, matrices), place);
}

/** Losses are said without weights; with some, each row counts as much as its own. */
function weighted(rule: string, block: Block): string {
  if (!("weights" in block.arrays)) return rule;
  const sum = /Σ_\(i=1\)\^n/;
  return sum.test(rule) ? rule.replace(sum, "$& w_i") : rule.replace(" = ", " = w_i ");
}

function updateOf(block: Block, matrices: Matrix[], chosen: Chosen): Written | undefined {
  const [param, update] = ["param", "update"].map((role) => matrixOf(block, role, matrices));
  if (!param || !update) return undefined;
  const { row, column } = chosen;
  const [before, change] = [valueAt(param, row, column), valueAt(update, row, column)];
  const sign = change < 0 ? "−" : "+";
  return {
    text: `${figure(before, param.digits)} ${sign} ${figure(Math.abs(change), update.digits)}`,
    definitions: [],
    value: before + change,
    cells: [param, update].map((matrix) => ({ matrix, row, column })),
    terms: [],
    letters: [],
    largest: Math.max(Math.abs(before), Math.abs(change)),
  };
}
