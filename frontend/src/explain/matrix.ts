// Matrices: the arrays of a step as rows and columns, whatever their axes.
import type { Block, Data, PackedArray } from "./data";

export interface Matrix {
  /** Its number in the data; derived ones have none. */
  id: number;
  shape: number[];
  dtype: string;
  rows: number;
  columns: number;
  values: Float64Array;
  /** Significant digits that the numbers have. */
  digits: number;
  largest: number;
  areReal: boolean;
  /** What it is called in the block that is looked at: equal arrays of several roles are one. */
  role?: string;
}

const NOT_FINITE = 32767;

/** Read all arrays of a page. */
export async function readMatrices(data: Data): Promise<Matrix[]> {
  const bytes = await inflate(data.numbers);
  return data.arrays.map((packed, id) => unpacked(packed, id, bytes, data.digits));
}

async function inflate(text: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unpacked(packed: PackedArray, id: number, bytes: Uint8Array, digits: number): Matrix {
  const { shape, dtype, at } = packed;
  const size = shape.reduce((product, length) => product * length, 1);
  const rows = shape.length > 1 ? (shape[0] ?? 1) : 1;
  const columns = shape.length > 1 ? shape.slice(1).reduce((a, b) => a * b, 1) : size;
  const areReal = at !== undefined;
  const values = areReal ? numbersOf(packed, size, at, bytes) : new Float64Array();
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const known = packed.as === "decimal" ? digits : packed.as === "single" ? 9 : 17;
  return { id, shape, dtype, rows, columns, values, digits: known, largest, areReal };
}

function numbersOf(packed: PackedArray, size: number, at: number, bytes: Uint8Array): Float64Array {
  if (packed.as === "double") return new Float64Array(gathered(bytes, at, size, 8));
  if (packed.as === "single") return Float64Array.from(new Float32Array(gathered(bytes, at, size, 4)));
  const numbers = new Int16Array(gathered(bytes, at, size, 2));
  const powers = new Int16Array(gathered(bytes, at + 2 * size, size, 2));
  return Float64Array.from(numbers, (number, place) => decimal(number, powers[place] ?? 0));
}

/** Put the bytes of each number together, which are packed by significance. */
function gathered(bytes: Uint8Array, at: number, size: number, width: number): ArrayBuffer {
  const together = new Uint8Array(size * width);
  for (let byte = 0; byte < width; byte++) {
    for (let place = 0; place < size; place++) {
      together[place * width + byte] = bytes[at + byte * size + place] ?? 0;
    }
  }
  return together.buffer;
}

/** The number nearest to a decimal one: a product or quotient of exact numbers, rounded once. */
function decimal(number: number, power: number): number {
  if (power === NOT_FINITE) return number === 0 ? Number.NaN : number * Number.POSITIVE_INFINITY;
  if (power >= 0 && power <= 22) return number * 10 ** power;
  if (power < 0 && power >= -22) return number / 10 ** -power;
  return Number(`${number}e${power}`);
}

/** The index of a cell in the array itself: "0,3", or "0,3,5" of more axes. */
export function indexOf(matrix: Matrix, row: number, column: number): string {
  const { shape } = matrix;
  if (shape.length < 2) return shape.length === 0 ? "" : String(column);
  const index: number[] = [];
  let rest = column;
  for (const length of shape.slice(1).reverse()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return [row, ...index].join(",");
}

/** The array of a role in a block. */
export function matrixOf(block: Block, role: string, matrices: Matrix[]): Matrix | undefined {
  const matrix = matrices[block.arrays[role] ?? -1];
  return matrix && { ...matrix, role };
}

export function valueAt(matrix: Matrix, row: number, column: number): number {
  return matrix.values[row * matrix.columns + column] ?? Number.NaN;
}
