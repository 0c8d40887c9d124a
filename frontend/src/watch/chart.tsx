// A chart over epochs: lines, areas, a mark for the epoch that is looked at, and its values in words.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { Value } from "./model";
import { type Axis, axisOf, placeOn, ticksOf, told } from "./numbers";

export interface Line {
  name: string;
  values: Value[];
  kind: "first" | "second" | "third";
}

export interface Area {
  low: Value[];
  high: Value[];
  kind: "wide" | "narrow";
}

interface Props {
  title: string;
  /** The epochs that values belong to, rising. */
  epochs: number[];
  lines: Line[];
  areas?: Area[];
  log?: boolean;
  axis?: Axis | null;
  /** The last epoch that is shown, and the one that is looked at. */
  last: number;
  cursor: number;
  onPoint: (epoch: number | null) => void;
  height?: number;
  best?: number | null;
  /** A part of the axis in which values are good. */
  good?: [number, number];
  digits?: number;
  note?: ComponentChildren;
}

const EDGE = { top: 8, right: 10, bottom: 22 };

export function Chart(props: Props) {
  const { title, epochs, lines, areas = [], log = false, last, cursor, height = 120 } = props;
  const [box, width] = useWidth();
  const clip = useId();
  const axis = useMemo(
    () => props.axis ?? axisOf([...lines, ...areas].flatMap(valuesOf), log),
    [props.axis, lines, areas, log],
  );
  const small = height < 110;
  const left = small ? 46 : 54;
  const inside = Math.max(20, width - left - EDGE.right);
  const tall = height - EDGE.top - EDGE.bottom;
  const first = Math.min(epochs[0] ?? 0, last);
  const x = (epoch: number) => left + (inside * (epoch - first)) / Math.max(1, last - first);
  const y = (value: Value) => {
    const place = axis && placeOn(axis, value);
    return place === null ? null : EDGE.top + tall * (1 - Math.min(1, Math.max(0, place)));
  };
  const at = epochs.findLastIndex((epoch) => epoch <= cursor);
  const paths = useMemo(
    () => ({
      lines: lines.map(({ values }) => pathOf(epochs, values, x, y)),
      areas: areas.map(({ low, high }) => areaOf(epochs, low, high, x, y)),
    }),
    [epochs, lines, areas, axis, width, last],
  );
  const point = (event: PointerEvent) => {
    const place = event.currentTarget as Element;
    const part = (event.clientX - place.getBoundingClientRect().left - left) / inside;
    props.onPoint(Math.round(first + Math.min(1, Math.max(0, part)) * (last - first)));
  };
  const curves = paths.areas
    .map((d, number) => <path key={`a${number}`} class={`area ${areas[number]?.kind}`} d={d} />)
    .concat(paths.lines.map((d, number) => <path key={number} class={`line ${lines[number]?.kind}`} d={d} />));
  const now = x(Math.max(first, cursor));
  return (
    <figure class={small ? "chart small" : "chart"}>
      <figcaption>
        <span class="title">{title}</span>
        <span class="legend">
          {lines.map((line) => (
            <span class="entry" key={line.name}>
              <i class={`sample ${line.kind}`} aria-hidden="true" />
              {line.name} <b>{told(at < 0 ? null : line.values[at], props.digits)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box}>
        <svg
          width={width}
          height={height}
          aria-hidden="true"
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => props.onPoint(null)}
        >
          <clipPath id={`${clip}-before`}>
            <rect x={0} y={0} width={Math.max(0, now + 0.5)} height={height} />
          </clipPath>
          {props.good && axis && <Good axis={axis} good={props.good} y={y} left={left} inside={inside} />}
          {axis && ticksOf(axis, small ? 3 : 5).map((tick) => (
            <g key={tick} class="tick">
              <line x1={left} x2={left + inside} y1={y(tick) ?? 0} y2={y(tick) ?? 0} />
              <text x={left - 6} y={(y(tick) ?? 0) + 4} text-anchor="end">{told(tick, 3)}</text>
            </g>
          ))}
          {ticksOf({ low: first, high: last, log: false }, inside > 400 ? 8 : inside > 180 ? 4 : 3)
            .filter((tick) => Number.isInteger(tick))
            .map((tick) => (
              <text key={tick} class="label" x={x(tick)} y={height - 6} text-anchor="middle">{tick}</text>
            ))}
          <g class="after">{curves}</g>
          <g clip-path={`url(#${clip}-before)`}>{curves}</g>
          {props.best != null && <Best x={x(props.best)} tall={tall} inside={inside} left={left} epoch={props.best} />}
          <line class="now" x1={now} x2={now} y1={EDGE.top} y2={EDGE.top + tall} />
          {at >= 0 && lines.map((line) => {
            const place = y(line.values[at] ?? null);
            return place !== null && <circle key={line.name} class={`dot ${line.kind}`} cx={x(epochs[at]!)} cy={place} r={3.5} />;
          })}
        </svg>
      </div>
      {props.note}
    </figure>
  );
}

function Best({ x, tall, left, inside, epoch }: { x: number; tall: number; left: number; inside: number; epoch: number }) {
  const toLeft = x > left + inside - 110;
  return (
    <g class="best">
      <line x1={x} x2={x} y1={EDGE.top} y2={EDGE.top + tall} />
      <text x={toLeft ? x - 5 : x + 5} y={EDGE.top + 11} text-anchor={toLeft ? "end" : "start"}>
        best: epoch {epoch}
      </text>
    </g>
  );
}

interface GoodProps {
  axis: Axis;
  good: [number, number];
  y: (value: Value) => number | null;
  left: number;
  inside: number;
}

function Good({ axis, good, y, left, inside }: GoodProps) {
  const [low, high] = [Math.max(good[0], axis.low), Math.min(good[1], axis.high)];
  const [top, bottom] = [y(high), y(low)];
  if (low >= high || top === null || bottom === null) return null;
  return <rect class="good" x={left} y={top} width={inside} height={bottom - top} />;
}

function valuesOf(some: Line | Area): Value[] {
  return "values" in some ? some.values : [...some.low, ...some.high];
}

type X = (epoch: number) => number;
type Y = (value: Value) => number | null;

/** Draw a line; of several values on the same pixel, the first, least, largest and last. */
function pathOf(epochs: number[], values: Value[], x: X, y: Y): string {
  const parts: string[] = [];
  let isBroken = true;
  let column = NaN;
  let [least, most, latest] = [0, 0, 0];
  const add = (at: number, place: number) => {
    parts.push(`${isBroken ? "M" : "L"}${at.toFixed(1)} ${place.toFixed(1)}`);
    isBroken = false;
  };
  const flush = () => {
    if (least !== most) add(column, least), add(column, most);
    if (!Number.isNaN(column)) add(column, latest);
  };
  const thin = epochs.length > 2000;
  for (const [number, epoch] of epochs.entries()) {
    const place = y(values[number] ?? null);
    if (place === null) {
      if (thin) flush();
      [isBroken, column] = [true, NaN];
    } else if (!thin) {
      add(x(epoch), place);
    } else if (Math.round(x(epoch)) !== column) {
      flush();
      [column, least, most, latest] = [Math.round(x(epoch)), place, place, place];
      add(column, place);
    } else {
      [least, most, latest] = [Math.min(least, place), Math.max(most, place), place];
    }
  }
  if (thin) flush();
  return parts.join("");
}

function areaOf(epochs: number[], low: Value[], high: Value[], x: X, y: Y): string {
  const [there, back]: [string[], string[]] = [[], []];
  for (const [number, epoch] of epochs.entries()) {
    const [bottom, top] = [y(low[number] ?? null), y(high[number] ?? null)];
    if (bottom === null || top === null) continue;
    there.push(`${x(epoch).toFixed(1)} ${top.toFixed(1)}`);
    back.unshift(`${x(epoch).toFixed(1)} ${bottom.toFixed(1)}`);
  }
  return there.length ? `M${[...there, ...back].join("L")}Z` : "";
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(300);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
