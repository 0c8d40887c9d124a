// A matrix as a heatmap of readable numbers. Of a large one only the cells in view are made.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { figure } from "./figures";
import { type Matrix, indexOf, valueAt } from "./matrix";
import { Overview } from "./overview";

export interface Spot {
  row: number;
  column: number;
}

interface Props {
  matrix: Matrix;
  role: string;
  label: string;
  chosen: Spot | undefined;
  marks: Set<number> | undefined;
  columnNames?: string[] | undefined;
  onChoose: (spot: Spot) => void;
  onHover: (spot: Spot | undefined) => void;
}

const HEIGHT = 28;
const HEAD = 34; // width of the numbers of the rows
const LETTER = 7.2;
const MOST_ROWS = 12;
export const MOST_COLUMNS = 13;

export function Heatmap(props: Props) {
  const { matrix, label, chosen } = props;
  const width = cellWidth(matrix);
  const pane = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, left: 0, width: MOST_COLUMNS * width });
  const active = chosen ?? { row: 0, column: 0 };

  useLayoutEffect(() => {
    const element = pane.current;
    if (!element) return;
    const look = () =>
      setView({ top: element.scrollTop, left: element.scrollLeft, width: element.clientWidth });
    look();
    const watching = new ResizeObserver(look);
    watching.observe(element);
    return () => watching.disconnect();
  }, [matrix]);

  if (!matrix.areReal) return <p class="none">numbers of dtype {matrix.dtype} are not shown</p>;
  if (matrix.values.length === 0) return <p class="none">empty</p>;
  const first = { row: Math.floor(view.top / HEIGHT), column: Math.floor(view.left / width) };
  const rows = range(first.row, Math.min(matrix.rows, first.row + MOST_ROWS + 1));
  const count = Math.ceil(view.width / width) + 1;
  const columns = range(first.column, Math.min(matrix.columns, first.column + count));
  const isLarge = matrix.rows > MOST_ROWS || matrix.columns > MOST_COLUMNS;
  const scrolls = matrix.columns * width > view.width + 1;

  function move(spot: Spot) {
    const to = { row: within(spot.row, matrix.rows), column: within(spot.column, matrix.columns) };
    if (pane.current) bringIntoView(pane.current, to, width);
    props.onChoose(to);
    requestAnimationFrame(() => {
      const cell = pane.current?.querySelector<HTMLElement>('[tabindex="0"]');
      cell?.focus({ preventScroll: true });
    });
  }

  return (
    <div class="heatmap">
      <div class="heads" style={{ marginLeft: px(HEAD), width: `min(100% - ${HEAD}px, ${matrix.columns * width}px)` }} aria-hidden="true">
        {columns.map((column) => (
          <span key={column} title={props.columnNames?.[column]} style={{ left: px(column * width - view.left), width: px(width) }}>
            {props.columnNames?.[column] ?? (indexOf(matrix, 0, column).split(",").slice(-1)[0] || "")}
          </span>
        ))}
      </div>
      <div class="body">
        <div class="heads down" style={{ width: px(HEAD) }} aria-hidden="true">
          {rows.map((row) => (
            <span key={row} style={{ top: px(row * HEIGHT - view.top) }}>
              {matrix.shape.length > 1 ? row : ""}
            </span>
          ))}
        </div>
        <div
          class="pane"
          ref={pane}
          role="grid"
          aria-label={label}
          aria-rowcount={matrix.rows}
          aria-colcount={matrix.columns}
          style={{ maxWidth: px(matrix.columns * width), maxHeight: px(Math.min(matrix.rows, MOST_ROWS) * HEIGHT + (scrolls ? 14 : 0)) }}
          onScroll={() => {
            const { scrollTop, scrollLeft, clientWidth } = pane.current as HTMLDivElement;
            setView({ top: scrollTop, left: scrollLeft, width: clientWidth });
          }}
          onKeyDown={(event) => {
            const to = moved(event, active, matrix);
            if (!to) return;
            event.preventDefault();
            event.stopPropagation();
            move(to);
          }}
          onPointerLeave={() => props.onHover(undefined)}
        >
          <div style={{ width: px(matrix.columns * width), height: px(matrix.rows * HEIGHT) }} role="presentation">
            {rows.map((row) => (
              <div role="row" aria-rowindex={row + 1} key={row}>
                {columns.map((column) => (
                  <GridCell key={column} {...props} row={row} column={column} width={width} isActive={row === active.row && column === active.column} />
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
      {isLarge && (
        <Overview
          matrix={matrix}
          view={{ row: view.top / HEIGHT, column: view.left / width, rows: Math.min(MOST_ROWS, matrix.rows), columns: view.width / width }}
          onMove={(row, column) => pane.current?.scrollTo(column * width, row * HEIGHT)}
        />
      )}
    </div>
  );
}

interface CellProps extends Props {
  row: number;
  column: number;
  width: number;
  isActive: boolean;
}

function GridCell({ matrix, row, column, width, isActive, chosen, marks, onChoose, onHover }: CellProps) {
  const value = valueAt(matrix, row, column);
  const share = matrix.largest > 0 ? Math.abs(value) / matrix.largest : 0;
  const finite = Number.isFinite(value);
  const sign = value > 0 ? "plus" : value < 0 ? "minus" : "";
  const names = ["cell", finite ? sign : "unreal"];
  if (chosen && isActive) names.push("chosen");
  if (marks?.has(row * matrix.columns + column)) names.push("marked");
  return (
    <div
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={chosen !== undefined && isActive}
      tabIndex={isActive ? 0 : -1}
      class={names.join(" ")}
      style={{ top: px(row * HEIGHT), left: px(column * width), width: px(width), height: px(HEIGHT), "--share": finite ? share.toFixed(3) : 0 }}
      onClick={() => onChoose({ row, column })}
      onFocus={() => onChoose({ row, column })}
      onPointerEnter={(event) => event.pointerType === "mouse" && onHover({ row, column })}
    >
      {figure(value, matrix.digits)}
    </div>
  );
}

function moved(event: KeyboardEvent, { row, column }: Spot, matrix: Matrix): Spot | undefined {
  if (event.altKey || event.metaKey) return undefined;
  switch (event.key) {
    case "ArrowUp":
      return { row: row - 1, column };
    case "ArrowDown":
      return { row: row + 1, column };
    case "ArrowLeft":
      return { row, column: column - 1 };
    case "ArrowRight":
      return { row, column: column + 1 };
    case "PageUp":
      return { row: row - MOST_ROWS, column };
    case "PageDown":
      return { row: row + MOST_ROWS, column };
    case "Home":
      return { row: event.ctrlKey ? 0 : row, column: 0 };
    case "End":
      return { row: event.ctrlKey ? matrix.rows - 1 : row, column: matrix.columns - 1 };
    default:
      return undefined;
  }
}

function bringIntoView(pane: HTMLElement, { row, column }: Spot, width: number): void {
  const [top, left] = [row * HEIGHT, column * width];
  if (top < pane.scrollTop) pane.scrollTop = top;
  if (top + HEIGHT > pane.scrollTop + pane.clientHeight) pane.scrollTop = top + HEIGHT - pane.clientHeight;
  if (left < pane.scrollLeft) pane.scrollLeft = left;
  if (left + width > pane.scrollLeft + pane.clientWidth) pane.scrollLeft = left + width - pane.clientWidth;
}

const widths = new WeakMap<Matrix, number>();

/** As wide as the longest number needs, of a large matrix as any could need. */
function cellWidth(matrix: Matrix): number {
  const known = widths.get(matrix);
  if (known) return known;
  let letters = 4;
  const all = matrix.values.length <= 2000;
  for (const value of all ? matrix.values : []) letters = Math.max(letters, figure(value, matrix.digits).length);
  const width = Math.ceil((all ? letters : 9) * LETTER) + 12;
  widths.set(matrix, width);
  return width;
}

const px = (length: number) => `${length}px`;

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, number) => from + number);
}

function within(number: number, length: number): number {
  return Math.max(0, Math.min(length - 1, number));
}
