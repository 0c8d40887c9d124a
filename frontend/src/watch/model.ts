// What the page knows of each fit, and how news are added to it.

export type Value = number | null;

/** How the numbers of an array are spread: mean, standard deviation, norm, five quantiles. */
export type Spread = Value[];

/** Of an activation: dead units, the share of saturated values, and some of the dead by number. */
export type Units = [number, Value, number[]];

export interface Look {
  epoch: number;
  seconds: number;
  outputs: Spread[];
  gradients: Spread[];
  updates: Value[];
  units: Units[];
}

export interface Remark {
  epoch: number;
  severity: "error" | "warning" | "note";
  where: string;
  what: string;
  remedy: string;
}

export interface State {
  epochs: number;
  until: number;
  seconds: number;
  running: boolean;
  reason: string;
  error: string;
  best: number | null;
  engine: string;
}

export interface Facts {
  layers: [string, string][];
  weights: [number, string][];
  units: [number, string, number][];
  has_updates: boolean;
  parameters: number;
  rows: number;
  rows_looked_at: number;
  loss: string;
  optimizer: string;
  monitor: string;
}

export interface Fit {
  facts: Facts;
  series: Record<string, Value[]>;
  looks: Look[];
  remarks: Remark[];
  state: State;
  /** Epochs and seconds, by which the speed is known. */
  clock: [number, number][];
}

interface News extends Omit<Fit, "clock" | "facts"> {
  fit: number;
  from: number;
  facts?: Facts;
}

export interface Told {
  fits: News[];
}

/** Return the fits with news added. */
export function withNews(fits: Fit[], told: Told): Fit[] {
  const after = [...fits];
  for (const news of told.fits) {
    const before = after[news.fit];
    const facts = news.facts ?? before?.facts;
    if (!facts) continue;
    const series: Record<string, Value[]> = { ...before?.series };
    for (const [name, values] of Object.entries(news.series)) {
      const had = series[name] ?? [];
      const missing = Math.max(0, news.from - had.length);
      series[name] = [...had.slice(0, news.from), ...Array<Value>(missing).fill(null), ...values];
    }
    const clock: [number, number][] = [...(before?.clock ?? [])];
    for (const look of news.looks) clock.push([look.epoch, look.seconds]);
    if (news.state.running) clock.push([news.state.epochs, news.state.seconds]);
    after[news.fit] = {
      facts,
      series,
      looks: [...(before?.looks ?? []), ...news.looks],
      remarks: [...(before?.remarks ?? []), ...news.remarks],
      state: news.state,
      clock: clock.slice(-500),
    };
  }
  return after;
}

/** Return epochs a second, of the last seconds; null if it is too soon to tell. */
export function speedOf(fit: Fit): number | null {
  const last = fit.clock.at(-1);
  if (!last) return null;
  const first = fit.clock.find(([epoch, seconds]) => epoch > 0 && seconds > last[1] - 5) ?? last;
  const [epochs, seconds] = [last[0] - first[0], last[1] - first[1]];
  return epochs > 0 && seconds > 0 ? epochs / seconds : null;
}

/** Return the latest look that was taken by an epoch. */
export function lookAt(fit: Fit, epoch: number): Look | undefined {
  return fit.looks.findLast((look) => look.epoch <= epoch) ?? fit.looks[0];
}
