// What looks at the network show, layer by layer: a table of one epoch, and charts of all.
import { useMemo, useState } from "preact/hooks";
import { Chart, type Line } from "./chart";
import { type Fit, lookAt, type Units, type Value } from "./model";
import { axisOf, share, told } from "./numbers";

interface Props {
  fit: Fit;
  cursor: number;
  onPoint: (epoch: number | null) => void;
}

/** A step that changes weights by this part of their size is a good one. */
const GOOD: [number, number] = [1e-4, 1e-2];
const MANY_LAYERS = 6;

export function Layers({ fit, cursor, onPoint }: Props) {
  const look = lookAt(fit, cursor);
  const { layers } = fit.facts;
  if (!look) return null;
  return (
    <section aria-labelledby="layers">
      <h2 id="layers">Layers</h2>
      <p class="soft">
        As {look.epoch === 0 ? "the network began" : `epoch ${look.epoch} left them`}, on the same{" "}
        {fit.facts.rows_looked_at} training rows each time.
      </p>
      <Table fit={fit} cursor={cursor} />
      {layers.map(([name, what], number) => (
        <Layer key={number} title={name} what={what} number={number} {...{ fit, cursor, onPoint }} />
      ))}
    </section>
  );
}

function Table({ fit, cursor }: { fit: Fit; cursor: number }) {
  const { layers, weights, units, has_updates } = fit.facts;
  const look = lookAt(fit, cursor)!;
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Layers at this epoch">
      <table>
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">outputs, mean ± deviation</th>
            <th scope="col">norm of gradient</th>
            {has_updates && <th scope="col">step ÷ weights</th>}
            <th scope="col">units without gradient</th>
            <th scope="col">saturated values</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(([name], layer) => {
            const [mean, deviation] = look.outputs[layer] ?? [];
            const its = weights.flatMap(([of], number) => (of === layer ? [number] : []));
            const activations = units.flatMap(([of], number) => (of === layer ? [number] : []));
            return (
              <tr key={layer}>
                <th scope="row">{name}</th>
                <td>{told(mean, 3)} ± {told(deviation, 3)}</td>
                <td>{its.map((number) => told(look.gradients[number]?.[2], 3)).join(", ") || "–"}</td>
                {has_updates && (
                  <td>{its.length ? its.map((number) => <Ratio key={number} value={look.updates[number] ?? null} />) : "–"}</td>
                )}
                <td>{activations.map((number) => dead(look.units[number]!, units[number]![2])).join("; ") || "–"}</td>
                <td>{activations.map((number) => share(look.units[number]![1])).join(", ") || "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Ratio({ value }: { value: Value }) {
  const verdict = value === null ? "" : value > GOOD[1] ? "large" : value < GOOD[0] ? "small" : "good";
  return <span class={`ratio ${verdict}`}>{told(value, 2)} {verdict && <em>{verdict}</em>}</span>;
}

function dead([number, , which]: Units, all: number): string {
  if (!number) return `0 of ${all}`;
  const more = number > which.length ? ", …" : "";
  return `${number} of ${all} (${number === 1 ? "number" : "numbers"} ${which.map((some) => some + 1).join(", ")}${more})`;
}

interface LayerProps extends Props {
  title: string;
  what: string;
  number: number;
}

function Layer({ fit, cursor, onPoint, title, what, number }: LayerProps) {
  const [isOpen, setOpen] = useState(fit.facts.layers.length <= MANY_LAYERS || number === 0);
  return (
    <details class="layer" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h3>{title}</h3> <code>{what}</code></summary>
      {isOpen && <Charts {...{ fit, cursor, onPoint, number }} />}
    </details>
  );
}

function Charts({ fit, cursor, onPoint, number }: Props & { number: number }) {
  const { looks, facts, state } = fit;
  const drawn = useMemo(() => chartsOf(fit, number), [looks, number]);
  const all = useMemo(() => sharedAxes(fit), [looks]);
  const epochs = useMemo(() => looks.map((look) => look.epoch), [looks]);
  const given = { epochs, last: state.epochs, cursor, onPoint, height: 104, digits: 3 };
  const quantiles = (which: "outputs" | "gradients", of: number) => {
    const at = (place: number) => looks.map((look) => look[which][of]?.[place] ?? null);
    return {
      lines: [{ name: "median", values: at(5), kind: "first" }] satisfies Line[],
      areas: [
        { low: at(3), high: at(7), kind: "wide" as const },
        { low: at(4), high: at(6), kind: "narrow" as const },
      ],
    };
  };
  return (
    <div class="multiples">
      <Chart title="Outputs" {...given} {...quantiles("outputs", number)} />
      {drawn.weights.map((of) => (
        <Chart key={`q${of}`} title="Gradient" {...given} {...quantiles("gradients", of)} />
      ))}
      {drawn.norms.length > 0 && (
        <Chart title="Norm of gradient" {...given} log axis={all.norms} lines={drawn.norms} />
      )}
      {facts.has_updates && drawn.updates.length > 0 && (
        <Chart title="Step ÷ weights" {...given} log axis={all.updates} good={GOOD} lines={drawn.updates} />
      )}
      {drawn.units.length > 0 && (
        <Chart title="Units, %" {...given} axis={{ low: 0, high: 100, log: false }} lines={drawn.units} />
      )}
    </div>
  );
}

/** Return the lines of a layer's charts, each named, as there may be several operations. */
function chartsOf({ looks, facts }: Fit, layer: number) {
  const weights = facts.weights.flatMap(([of], number) => (of === layer ? [number] : []));
  const kinds = ["first", "second", "third"] as const;
  const several = (values: (of: number) => Value[], name: string): Line[] =>
    weights.slice(0, 3).map((of, place) => ({
      name: weights.length > 1 ? facts.weights[of]![1] : name,
      values: values(of),
      kind: kinds[place]!,
    }));
  const units = facts.units.flatMap(([of], number) => (of === layer ? [number] : [])).slice(0, 1);
  return {
    weights: weights.slice(0, 1),
    norms: several((of) => looks.map((look) => look.gradients[of]?.[2] ?? null), "norm"),
    updates: several((of) => looks.map((look) => look.updates[of] ?? null), "ratio"),
    units: units.flatMap((of): Line[] => [
      { name: "without gradient", values: looks.map((look) => (100 * look.units[of]![0]) / facts.units[of]![2]), kind: "first" },
      { name: "saturated", values: looks.map((look) => 100 * (look.units[of]![1] ?? 0)), kind: "second" },
    ]),
  };
}

/** Return axes on which layers can be compared. */
function sharedAxes({ looks }: Fit) {
  return {
    norms: axisOf(looks.flatMap((look) => look.gradients.map((some) => some[2] ?? null)), true),
    updates: axisOf([...looks.flatMap((look) => look.updates), ...GOOD], true),
  };
}
