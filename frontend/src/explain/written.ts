// A formula with the numbers of a cell put in, as parts of text.
import { type Cell, Evaluation, type Place, type Scope } from "./evaluate";
import { figure } from "./figures";
import { type Formula, type Node, read } from "./formula";
import type { Matrix } from "./matrix";

export interface Term {
  place: Place;
  text: string;
  value: number;
}

/** What a formula says of one cell. */
export interface Written {
  /** The right-hand side with numbers. */
  text: string;
  /** What its own names stand for: "y' = 0.6·(1−0.6) = 0.24". */
  definitions: string[];
  value: number;
  cells: Cell[];
  /** If it is a sum: all its terms, and over which letter it runs. */
  terms: Term[];
  letters: string[];
  largest: number;
}

type Sum = Node & { kind: "sum" } & { factor: Node | undefined };

const MOST = 10; // terms of a sum that are written out

/** Put numbers into a formula; undefined if it cannot be read, or a name in it is unknown. */
export function written(text: string, scope: Scope, place: Place): Written | undefined {
  const formula = read(text);
  if (!formula) return undefined;
  try {
    return new Writer(formula, scope, place).all();
  } catch {
    return undefined;
  }
}

class Writer {
  private readonly evaluation: Evaluation;

  constructor(
    private readonly formula: Formula,
    scope: Scope,
    private readonly place: Place,
  ) {
    this.evaluation = new Evaluation(formula, scope);
  }

  all(): Written {
    const { evaluation, place, formula } = this;
    const value = evaluation.value(formula.value, place);
    const sum = this.leadingSum(formula.value);
    const { cells, largest } = evaluation;
    const isOfOneCell = !sum?.letters.includes("i");
    return {
      text: this.top(formula.value, place),
      definitions: isOfOneCell ? formula.definitions.map((each) => this.definition(each)) : [],
      value,
      cells: [...cells],
      terms: sum ? this.terms(sum.letters, sum.of, sum.factor) : [],
      letters: sum?.letters ?? [],
      largest,
    };
  }

  private definition({ name, value }: Formula["definitions"][number]): string {
    const number = figure(this.evaluation.value(value, this.place));
    const told = this.top(value, this.place);
    return told === number ? `${name} = ${number}` : `${name} = ${told} = ${number}`;
  }

  /** The sum that a formula is, or that is multiplied by a factor, as in a mean. */
  private leadingSum(node: Node): Sum | undefined {
    if (node.kind === "sum") return { ...node, factor: undefined };
    const isProduct = node.kind === "binary" && node.op === "*" && node.right.kind === "sum";
    return isProduct ? { ...(node.right as Node & { kind: "sum" }), factor: node.left } : undefined;
  }

  private terms(letters: string[], of: Node, factor: Node | undefined): Term[] {
    return this.evaluation.places(letters, of, this.place).map((place) => {
      const [text, value] = [this.write(of, place, 2), this.evaluation.value(of, place)];
      if (!factor) return { place, text, value };
      const by = this.write(factor, place, 0, true);
      return { place, text: `${by}·${text}`, value: value * this.evaluation.value(factor, place) };
    });
  }

  /** Write what stands alone, so that a minus needs no brackets. */
  private top(node: Node, place: Place): string {
    if (node.kind !== "choice") return this.write(node, place, 0, true);
    const holds = this.evaluation.holds(node, place);
    const op = holds ? node.op : ({ "<": "≥", ">": "≤", "≤": ">", "≥": "<" }[node.op] ?? node.op);
    const condition = `${this.top(node.left, place)} ${op} ${this.top(node.right, place)}`;
    return `${this.top(holds ? node.of : node.other, place)}, for ${condition}`;
  }

  /** Write a node; what binds less than its neighbours do gets brackets. */
  private write(node: Node, place: Place, bound: number, leads = false): string {
    switch (node.kind) {
      case "number":
        return figure(node.value);
      case "name":
        return this.number(this.evaluation.quantity(node.name, node.index, place), bound, leads);
      case "negative":
        return bracketed(`−${this.write(node.of, place, 2)}`, bound > 1 || (bound === 1 && !leads));
      case "binary":
        return this.binary(node, place, bound, leads);
      case "call":
        return this.call(node, place);
      case "sum":
        return this.sum(node.letters, node.of, place, bound);
      case "choice":
        return `(${this.top(node, place)})`;
    }
  }

  private number(quantity: { value: number; cell?: Cell }, bound: number, leads: boolean): string {
    const text = figure(quantity.value, quantity.cell?.matrix.digits);
    return bracketed(text, text.startsWith("−") && bound > 0 && !leads || bound === 3 && text.includes("e"));
  }

  private binary(node: Node & { kind: "binary" }, place: Place, bound: number, leads: boolean): string {
    const { op, left, right } = node;
    const own = op === "^" ? 3 : op === "+" || op === "-" ? 1 : 2;
    const sign = { "+": " + ", "-": " − ", "*": "·", "/": "/", "^": "^" }[op];
    const tighter = op === "-" || op === "/" || op === "^" ? own + 1 : own;
    const needed = bound > own;
    const before = this.write(left, place, own, (leads || needed) && own < 3);
    const isSquare = op === "^" && right.kind === "number" && right.value === 2;
    const after = isSquare ? "²" : sign + this.write(right, place, Math.min(tighter, 3));
    return bracketed(before + after, needed);
  }

  private call(node: Node & { kind: "call" }, place: Place): string {
    const { name, parts } = node;
    if (name === "mean") return figure(this.evaluation.value(node, place));
    const told = parts.map((part) => this.top(part, place)).join(", ");
    if (name === "|") return `|${told}|`;
    return `${name}(${told})`;
  }

  private sum(letters: string[], of: Node, place: Place, bound: number): string {
    const places = this.evaluation.places(letters, of, place);
    const shown = places.slice(0, places.length > MOST ? MOST - 2 : MOST);
    const left = places.length - shown.length;
    const texts = shown.map((at, number) => this.write(of, at, 1, number === 0 && bound === 0));
    if (left) texts.push(`… (${left} more)`);
    return bracketed(texts.join(" + "), bound > 0 && texts.length > 1);
  }
}

function bracketed(text: string, needed: boolean): string {
  return needed ? `(${text})` : text;
}

/** Whether what a formula says is what the tape says, but for rounding on the way. */
export function agrees(told: Written, value: number, matrix: Matrix): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(told.value)) return Object.is(value, told.value);
  const digits = Math.min(matrix.digits, ...told.cells.map((cell) => cell.matrix.digits));
  const tolerance = digits > 9 ? 1e-7 : digits === 9 ? 1e-3 : 3e-2;
  return Math.abs(told.value - value) <= tolerance * Math.max(told.largest, 1e-300);
}
