// Numbers as texts, and where they are on an axis.
import type { Value } from "./model";

/** Write a number with so many digits at most; what is no number, as a dash. */
export function told(value: Value | undefined, digits = 5): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${Number(mantissa)}e${Number(power)}`.replace("-", "−").replace("e-", "e−");
  }
  return `${Number(value.toPrecision(digits))}`.replace("-", "−");
}

export function share(value: Value): string {
  return value === null ? "–" : `${Math.round(100 * value)} %`;
}

/** Write a number of things of which three digits are enough. */
export function count(number: number): string {
  return number < 1000 ? told(number, 3) : Number(number.toPrecision(3)).toLocaleString("en");
}

/** Write seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export interface Axis {
  low: number;
  high: number;
  log: boolean;
}

/** Return an axis on which all values are, or null if there are none to go by. */
export function axisOf(values: Iterable<Value>, log: boolean): Axis | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return null;
  if (log) {
    const [from, to] = [Math.log10(low), Math.log10(high)];
    const room = Math.max(0.05 * (to - from), 0.02);
    return { low: 10 ** (from - room), high: 10 ** (to + room), log };
  }
  const room = 0.05 * (high - low) || Math.abs(high) || 1;
  return { low: low - room, high: high + room, log };
}

/** Say where a value is on an axis, from 0 to 1; null if it has no place on it. */
export function placeOn(axis: Axis, value: Value): number | null {
  if (value === null || (axis.log && value <= 0)) return null;
  const at = axis.log ? Math.log10(value) : value;
  const [low, high] = axis.log ? [Math.log10(axis.low), Math.log10(axis.high)] : [axis.low, axis.high];
  return (at - low) / (high - low);
}

/** Return a few round values on an axis. */
export function ticksOf(axis: Axis, most: number): number[] {
  if (axis.log) {
    const [low, high] = [Math.ceil(Math.log10(axis.low)), Math.floor(Math.log10(axis.high))];
    const step = Math.max(1, Math.ceil((high - low) / (most - 1)));
    const powers: number[] = [];
    for (let power = high; power >= low; power -= step) powers.push(Number(`1e${power}`));
    if (powers.length > 1) return powers;
  }
  const span = axis.high - axis.low;
  const rough = span / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((some) => some >= rough) ?? rough;
  const ticks: number[] = [];
  for (let at = Math.ceil(axis.low / step); at * step <= axis.high; at += 1) {
    const tick = Number((at * step).toPrecision(12));
    if (!axis.log || tick > 0) ticks.push(tick);
  }
  return ticks;
}
