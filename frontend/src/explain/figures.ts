// Numbers as they are read: rounded once, halves away from zero, with a true minus.
import type { Matrix } from "./matrix";

const DIGITS = 4;

/** A number in at most so many significant digits. */
export function figure(value: number, known = 17): string {
  const digits = Math.min(known, DIGITS);
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return "0";
  if (known > DIGITS && Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value));
  const [number = "", power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent < -3 || exponent >= digits) return minus(`${trimmed(number)}e${exponent}`);
  const sign = number.startsWith("-") ? "-" : "";
  const figures = number.replace(/[-.]/g, "");
  if (exponent < 0) return minus(`${sign}${trimmed(`0.${"0".repeat(-exponent - 1)}${figures}`)}`);
  const point = exponent + 1;
  return minus(sign + trimmed(`${figures.slice(0, point)}.${figures.slice(point)}`));
}

/** All digits that are known: of float64 and float32 as many as tell a number from all others. */
export function inFull(value: number, matrix: Matrix): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (matrix.digits === 17) return minus(shortest(value));
  if (matrix.digits !== 9) return figure(value, matrix.digits);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return minus(shortest(short));
  }
  return minus(shortest(Number(value.toPrecision(9))));
}

/** As Python writes it: very small and very large numbers with an exponent. */
function shortest(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  const isUsual = value === 0 || (size >= 1e-4 && size < 1e16);
  return isUsual ? String(value) : value.toExponential().replace("+", "");
}

function notFinite(value: number): string {
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "−inf";
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}
