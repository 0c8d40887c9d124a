// Formulas of docstrings, such as "y = 1/(1+e^(-x))", as trees that can be computed and written.

export type Node =
  | { kind: "number"; value: number }
  | { kind: "name"; name: string; index: string }
  | { kind: "negative"; of: Node }
  | { kind: "binary"; op: "+" | "-" | "*" | "/" | "^"; left: Node; right: Node }
  | { kind: "call"; name: string; parts: Node[] }
  | { kind: "sum"; letters: string[]; of: Node }
  | { kind: "choice"; of: Node; left: Node; op: string; right: Node; other: Node };

/** What a formula says: a value, and what the names in it stand for that it explains itself. */
export interface Formula {
  value: Node;
  definitions: { name: string; value: Node }[];
}

const FUNCTIONS = ["tanh", "ln", "log", "exp", "min", "max", "mean", "sign", "√", "σ", "Φ", "Φ'"];
const TOKEN =
  /\s*(?:(tanh|ln|log|exp|min|max|mean|sign|where|else)(?![A-Za-z])|(Σ)_(?:\((\w)=1\)\^\w|(\w+))|(\d+(?:\.\d+)?)|([A-Za-zµα-ωΑ-Ω]'?)(?:_(?:\(([^()]*)\)|(\w+)))?|([-+*·⊙/^(),|√<>≤≥=]))/uy;

interface Token {
  text: string;
  index: string;
  /** Whether nothing stands between it and what is before. */
  touches: boolean;
}

/** Read a formula; undefined if it says something else, such as a product of matrices. */
export function read(text: string): Formula | undefined {
  const equals = text.indexOf(" = ");
  if (equals < 0) return undefined;
  try {
    return new Reader(tokens(text.slice(equals + 3))).formula();
  } catch {
    return undefined;
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(text);
    const [, word, sum, from, letters, number, name, inBrackets, index, sign] = match;
    const told = word ?? sum ?? number ?? name ?? sign ?? "";
    found.push({
      text: told,
      index: from ?? letters ?? inBrackets ?? index ?? "",
      touches: text[start] !== " ",
    });
  }
  return found;
}

class Reader {
  private at = 0;
  private inBars = false;

  constructor(private readonly all: Token[]) {}

  formula(): Formula {
    const value = this.choice();
    const definitions: Formula["definitions"] = [];
    while (this.next === "," && this.all[this.at + 2]?.text === "=") {
      const name = this.all[this.at + 1]?.text ?? "";
      this.at += 3;
      definitions.push({ name, value: this.choice() });
    }
    if (this.at < this.all.length) throw new SyntaxError(this.next);
    return { value, definitions };
  }

  private get next(): string {
    return this.all[this.at]?.text ?? "";
  }

  private take(text: string): boolean {
    if (this.next !== text) return false;
    this.at++;
    return true;
  }

  private need(text: string): void {
    if (!this.take(text)) throw new SyntaxError(`${text} expected, not ${this.next}`);
  }

  private choice(): Node {
    const of = this.sumOfTerms();
    if (!this.take("where")) return of;
    const left = this.sumOfTerms();
    const op = this.next;
    if (!"<>≤≥".includes(op)) throw new SyntaxError(op);
    this.at++;
    const right = this.sumOfTerms();
    this.need(",");
    this.need("else");
    if (this.all[this.at + 1]?.text === "=") this.at += 2; // "else y = ..."
    return { kind: "choice", of, left, op, right, other: this.sumOfTerms() };
  }

  private sumOfTerms(): Node {
    let left = this.term();
    while (this.next === "+" || this.next === "-") {
      const op = this.next;
      this.at++;
      left = { kind: "binary", op, left, right: this.term() };
    }
    return left;
  }

  private term(): Node {
    let left = this.factor();
    for (;;) {
      if (["*", "·", "⊙"].some((sign) => this.take(sign)) || this.startsFactor()) {
        left = { kind: "binary", op: "*", left, right: this.factor() };
      } else if (this.take("/")) {
        left = { kind: "binary", op: "/", left, right: this.factor() };
      } else return left;
    }
  }

  private startsFactor(): boolean {
    if (this.next === "|") return !this.inBars;
    return this.next !== "" && !/^([-+*·⊙/^),|<>≤≥=]|where|else)$/u.test(this.next);
  }

  private factor(): Node {
    if (this.take("-")) return { kind: "negative", of: this.factor() };
    const base = this.primary();
    if (!this.take("^")) return base;
    const power = this.primary();
    if (base.kind === "name" && base.name === "e" && !base.index) return { kind: "call", name: "e^", parts: [power] };
    return { kind: "binary", op: "^", left: base, right: power };
  }

  private primary(): Node {
    const token = this.all[this.at++];
    if (!token) throw new SyntaxError("more expected");
    const { text, index } = token;
    if (text === "(") return this.until(")");
    if (text === "|") {
      this.inBars = true;
      const of = this.until("|");
      this.inBars = false;
      return { kind: "call", name: "|", parts: [of] };
    }
    if (text === "Σ") return { kind: "sum", letters: [...index], of: this.term() };
    if (/^\d/.test(text)) return { kind: "number", value: Number(text) };
    const isGreekFunction = "σΦΦ'".includes(text);
    const isCall = FUNCTIONS.includes(text) && (!isGreekFunction || this.opensAtOnce());
    if (isCall) return { kind: "call", name: text, parts: this.argumentsOf() };
    if (!/^\p{L}'?$/u.test(text)) throw new SyntaxError(text);
    return { kind: "name", name: text, index };
  }

  private opensAtOnce(): boolean {
    return this.next === "(" && this.all[this.at]?.touches === true;
  }

  private argumentsOf(): Node[] {
    if (!this.take("(")) return [this.factor()];
    const parts = [this.sumOfTerms()];
    while (this.take(",")) parts.push(this.sumOfTerms());
    this.need(")");
    return parts;
  }

  private until(end: string): Node {
    const of = this.sumOfTerms();
    this.need(end);
    return of;
  }
}
