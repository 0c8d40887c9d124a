// The curves of a fit: losses, each metric, the learning rate.
import { useMemo, useState } from "preact/hooks";
import { Chart, type Line } from "./chart";
import type { Fit, Value } from "./model";

interface Props {
  fit: Fit;
  cursor: number;
  onPoint: (epoch: number | null) => void;
}

const NAMES: Record<string, string> = { lr: "Learning rate" };

export function Curves({ fit, cursor, onPoint }: Props) {
  const { series, state, facts } = fit;
  const charts = useMemo(() => grouped(series), [series]);
  const epochs = useMemo(() => Array.from({ length: state.epochs }, (_, number) => number + 1), [state.epochs]);
  const canLog = (series.loss ?? []).every((value) => value === null || value > 0);
  const [wanted, setLog] = useState<boolean | null>(null);
  const wantsLog = wanted ?? isSteep(series.loss ?? []);
  return (
    <section aria-labelledby="curves">
      <div class="row">
        <h2 id="curves">Losses and metrics</h2>
        <label class="switch">
          <input type="checkbox" checked={wantsLog && canLog} disabled={!canLog} onChange={(event) => setLog(event.currentTarget.checked)} />
          logarithmic losses
        </label>
      </div>
      <div class="curves">
        {charts.map(({ name, lines }) => (
          <Chart
            key={name}
            title={name === "loss" ? `Loss, ${facts.loss}` : NAMES[name] ?? name}
            {...{ epochs, lines, cursor, onPoint }}
            last={state.epochs}
            log={name === "loss" && wantsLog && canLog}
            height={name === "loss" ? 280 : 150}
            best={name === facts.monitor.replace("val_", "") || name === "loss" ? state.best : null}
          />
        ))}
      </div>
    </section>
  );
}

/** Say whether the first losses would leave no room for the others. */
function isSteep(losses: Value[]): boolean {
  const sorted = losses.filter((value) => value !== null).sort((a, b) => a - b);
  const [median, most] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return median !== undefined && most !== undefined && median > 0 && most > 8 * median;
}

/** Put what was measured in training and in validation into one chart. */
function grouped(series: Fit["series"]): { name: string; lines: Line[] }[] {
  const names = [...new Set(Object.keys(series).map((name) => name.replace(/^val_/, "")))];
  const order = (name: string) => (name === "loss" ? 0 : name === "lr" ? 2 : 1);
  return names
    .sort((a, b) => order(a) - order(b))
    .map((name) => {
      const lines: Line[] = [];
      if (series[name]) lines.push({ name: name === "lr" ? "rate" : "training", values: series[name], kind: "first" });
      const validation = series[`val_${name}`];
      if (validation) lines.push({ name: "validation", values: validation, kind: "second" });
      return { name, lines };
    });
}
