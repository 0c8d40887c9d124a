// All of a large matrix in small, with the part of it that is in view: drag it to move.
import { useEffect, useRef } from "preact/hooks";
import type { Matrix } from "./matrix";

interface Props {
  matrix: Matrix;
  view: { row: number; column: number; rows: number; columns: number };
  onMove: (row: number, column: number) => void;
}

const [WIDTH, HEIGHT] = [168, 96];

export function Overview({ matrix, view, onMove }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scale = Math.min(WIDTH / matrix.columns, HEIGHT / matrix.rows, 6);
  const [width, height] = [Math.max(12, matrix.columns * scale), Math.max(8, matrix.rows * scale)];

  useEffect(() => {
    if (!canvas.current) return;
    const draw = () => canvas.current && paint(canvas.current, matrix);
    draw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => scheme.removeEventListener("change", draw);
  }, [matrix]);

  function go(event: PointerEvent) {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    onMove(y * matrix.rows - view.rows / 2, x * matrix.columns - view.columns / 2);
  }

  const percent = (part: number, all: number) => `${Math.min(100, (100 * part) / all)}%`;
  const to = (from: number, count: number, all: number) => Math.min(all, Math.round(from + count)) - 1;
  return (
    <div class="overview">
      <div
        class="map"
        style={{ width: `${width}px`, height: `${height}px` }}
        onPointerDown={(event) => {
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={(event) => event.buttons > 0 && go(event)}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <div
          class="in-view"
          style={{
            left: percent(view.column, matrix.columns),
            top: percent(view.row, matrix.rows),
            width: percent(view.columns, matrix.columns),
            height: percent(view.rows, matrix.rows),
          }}
        />
      </div>
      <p>
        {matrix.rows > 1 && (
          <>
            rows {Math.round(view.row)} to {to(view.row, view.rows, matrix.rows)} of {matrix.rows},
            <br />
          </>
        )}
        columns {Math.round(view.column)} to {to(view.column, view.columns, matrix.columns)} of {matrix.columns}
      </p>
    </div>
  );
}

/** A dot for each cell; of more than the canvas has dots, the largest that falls on one. */
function paint(canvas: HTMLCanvasElement, matrix: Matrix): void {
  const columns = Math.min(matrix.columns, 2 * WIDTH);
  const rows = Math.min(matrix.rows, 2 * HEIGHT);
  const strongest = new Float64Array(rows * columns);
  for (let row = 0; row < matrix.rows; row++) {
    const line = Math.floor((row * rows) / matrix.rows) * columns;
    for (let column = 0; column < matrix.columns; column++) {
      const dot = line + Math.floor((column * columns) / matrix.columns);
      const value = matrix.values[row * matrix.columns + column] ?? 0;
      if (Math.abs(value) > Math.abs(strongest[dot] ?? 0)) strongest[dot] = value;
    }
  }
  const style = getComputedStyle(canvas);
  const [plus, minus] = ["--plus", "--minus"].map((name) => channels(style.getPropertyValue(name)));
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context?.createImageData(columns, rows);
  if (!context || !image || !plus || !minus) return;
  strongest.forEach((value, dot) => {
    const color = value > 0 ? plus : minus;
    const strength = matrix.largest > 0 ? Math.min(1, Math.abs(value) / matrix.largest) : 0;
    image.data.set([...color, Math.round(255 * strength)], 4 * dot);
  });
  context.putImageData(image, 0, 0);
}

function channels(hex: string): [number, number, number] {
  const number = Number.parseInt(hex.trim().slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}
