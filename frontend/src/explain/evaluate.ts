// The value of a formula at a cell, and which cells it is made of.
import type { Formula, Node } from "./formula";
import { type Matrix, valueAt } from "./matrix";

export interface Cell {
  matrix: Matrix;
  row: number;
  column: number;
}

/** A number that a name stands for; if it stands on the tape, with its place. */
export interface Quantity {
  value: number;
  cell?: Cell;
  /** What it is made of, if it is not on the tape itself. */
  of?: Cell[];
}

/** Where letters such as i and j stand. */
export type Place = Record<string, number>;

/** What names stand for, and over how many numbers an index runs. */
export interface Scope {
  quantity(name: string, index: string, place: Place): Quantity;
  length(name: string, axis: number): number | undefined;
  /** Over what "mean" is taken: the letter i for rows, j for columns. */
  meanOver: "i" | "j";
  isApproximate: boolean;
}

export class Unknown extends Error {}

/** Computes a formula, and remembers what it needed. */
export class Evaluation {
  readonly cells: Cell[] = [];
  /** The largest number on the way, against which rounding is judged. */
  largest = 0;

  constructor(
    private readonly formula: Formula,
    readonly scope: Scope,
  ) {}

  value(node: Node, place: Place): number {
    const value = this.compute(node, place);
    if (Number.isFinite(value)) this.largest = Math.max(this.largest, Math.abs(value));
    return value;
  }

  quantity(name: string, index: string, place: Place): Quantity {
    const defined = this.formula.definitions.find((definition) => definition.name === name);
    if (defined) return { value: this.value(defined.value, placeOf(index, place)) };
    return this.scope.quantity(name, index, place);
  }

  /** The places that a sum runs over. */
  places(letters: string[], of: Node, place: Place): Place[] {
    return letters.reduce<Place[]>(
      (places, letter) => {
        const length = this.lengthOf(letter, of);
        if (length === undefined) throw new Unknown(letter);
        const numbers = Array.from({ length }, (_, number) => number);
        return places.flatMap((before) => numbers.map((n) => ({ ...before, [letter]: n })));
      },
      [place],
    );
  }

  private lengthOf(letter: string, node: Node): number | undefined {
    if (node.kind === "name") {
      const axis = node.index.indexOf(letter);
      const defined = this.formula.definitions.find((d) => d.name === node.name);
      if (axis < 0) return undefined;
      return defined ? this.lengthOf(letter, defined.value) : this.scope.length(node.name, axis);
    }
    for (const child of children(node)) {
      const length = this.lengthOf(letter, child);
      if (length !== undefined) return length;
    }
    return undefined;
  }

  private compute(node: Node, place: Place): number {
    switch (node.kind) {
      case "number":
        return node.value;
      case "negative":
        return -this.value(node.of, place);
      case "name": {
        const quantity = this.quantity(node.name, node.index, place);
        if (quantity.cell) this.cells.push(quantity.cell);
        if (quantity.of) this.cells.push(...quantity.of);
        return quantity.value;
      }
      case "binary":
        return binary(node.op, this.value(node.left, place), this.value(node.right, place));
      case "sum":
        return this.total(node.letters, node.of, place);
      case "choice":
        return this.value(this.holds(node, place) ? node.of : node.other, place);
      case "call":
        if (node.name === "mean") return this.mean(node.parts[0] as Node, place);
        return call(node.name, node.parts.map((part) => this.value(part, place)), this.scope);
    }
  }

  holds(node: Node & { kind: "choice" }, place: Place): boolean {
    const [left, right] = [this.value(node.left, place), this.value(node.right, place)];
    return { "<": left < right, ">": left > right, "≤": left <= right, "≥": left >= right }[node.op] ?? false;
  }

  private total(letters: string[], of: Node, place: Place): number {
    return this.places(letters, of, place).reduce((sum, at) => sum + this.value(of, at), 0);
  }

  private mean(of: Node, place: Place): number {
    const length = this.scope.length("x", this.scope.meanOver === "i" ? 0 : 1) ?? 1;
    let sum = 0;
    for (let number = 0; number < length; number++) {
      sum += this.value(of, { ...place, [this.scope.meanOver]: number });
    }
    return sum / length;
  }
}

/** "p_ik" read where "p_ij" was said: the letters of a definition are i and j. */
function placeOf(index: string, place: Place): Place {
  const [i, j] = [...index].map((letter) => place[letter]);
  return { ...place, i: i ?? place.i ?? 0, j: j ?? place.j ?? 0 };
}

export function children(node: Node): Node[] {
  switch (node.kind) {
    case "negative":
    case "sum":
      return [node.of];
    case "binary":
      return [node.left, node.right];
    case "choice":
      return [node.of, node.left, node.right, node.other];
    case "call":
      return node.parts;
    default:
      return [];
  }
}

function binary(op: "+" | "-" | "*" | "/" | "^", left: number, right: number): number {
  if (op === "+") return left + right;
  if (op === "-") return left - right;
  if (op === "*") return left * right;
  return op === "/" ? left / right : left ** right;
}

function call(name: string, values: number[], scope: Scope): number {
  const x = values[0] ?? Number.NaN;
  switch (name) {
    case "e^":
    case "exp":
      return Math.exp(x);
    case "ln":
    case "log":
      return Math.log(x);
    case "tanh":
      return Math.tanh(x);
    case "√":
      return Math.sqrt(x);
    case "|":
      return Math.abs(x);
    case "sign":
      return Math.sign(x);
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "σ":
      return 1 / (1 + Math.exp(-x));
    case "Φ":
      return scope.isApproximate ? (1 + Math.tanh(bent(x))) / 2 : normal(x);
    case "Φ'":
      return scope.isApproximate ? bentSlope(x) : Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    default:
      throw new Unknown(name);
  }
}

const bent = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

function bentSlope(x: number): number {
  return (Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x) * (1 - Math.tanh(bent(x)) ** 2)) / 2;
}

/** The normal distribution function, by its series around 0. */
function normal(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) sum += term *= (x * x) / n;
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

export function quantityAt(matrix: Matrix, row: number, column: number): Quantity {
  const cell = {
    matrix,
    row: matrix.rows === 1 ? 0 : row,
    column: matrix.columns === 1 ? 0 : column,
  };
  if (cell.row >= matrix.rows || cell.column >= matrix.columns) throw new Unknown("no such cell");
  return { value: valueAt(matrix, cell.row, cell.column), cell };
}
