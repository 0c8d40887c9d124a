// One scene: formulas, the chosen cell in numbers, and all arrays.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Block, Data } from "./data";
import { Heatmap, MOST_COLUMNS } from "./heatmap";
import type { Matrix } from "./matrix";
import { CellPanel } from "./cell";
import type { Result, Scene, Shown } from "./scenes";
import { type Chosen, type Told, toldOf } from "./told";

interface Props {
  data: Data;
  block: Block;
  scene: Scene;
  matrices: Matrix[];
}

export function Panel({ data, block, scene, matrices }: Props) {
  const start: Chosen = { role: scene.results[0]?.role ?? "", row: 0, column: 0 };
  const [chosen, setChosen] = useState(start);
  const [hovered, setHovered] = useState<Chosen | undefined>(undefined);
  useEffect(() => setHovered(undefined), [scene]);
  const current = hovered ?? chosen;
  const isLoss = block === data.loss;
  const told = toldOf(scene, block, isLoss, matrices, current);
  const arrays = scene.results.filter((each) => isShown(each, block, matrices));
  const needed = useMemo(() => neededRoles(scene, block, isLoss, matrices), [scene]);
  const [used, unused] = [true, false].map((is) =>
    scene.given.filter((each) => !needed || needed.has(each.role) === is),
  ) as [Shown[], Shown[]];

  function heatmap(each: Shown | Result) {
    const matrix = matrices[block.arrays[each.role] ?? -1] as Matrix;
    return (
      <Figure
        key={each.role}
        {...{ data, each, matrix, current, told }}
        isAlone={matrix.columns <= MOST_COLUMNS || used.length + arrays.length === 1}
        onChoose={(spot) => setChosen({ role: each.role, ...spot })}
        onHover={(spot) => setHovered(spot && { role: each.role, ...spot })}
      />
    );
  }

  return (
    <div class="panel">
      <div class="arrays">
        {used.map(heatmap)}
        {arrays.map(heatmap)}
        {needed && unused.length > 0 && (
          <details class="unused">
            <summary>{`Not needed here: ${unused.map((each) => each.title).join(", ")}`}</summary>
            <div class="arrays">{unused.map(heatmap)}</div>
          </details>
        )}
      </div>
      <CellPanel data={data} block={block} scene={scene} told={told} chosen={current} />
    </div>
  );
}

/** Roles of what results are made of; undefined if that is not known of all of them. */
function neededRoles(
  scene: Scene, block: Block, isLoss: boolean, matrices: Matrix[],
): Set<string> | undefined {
  const roles = new Set(["output_grad", "penalty_grad", "param_grad", "weights", ...block.kept]);
  if (scene.phase === "forward") roles.add("input").add("prediction").add("target").add("param");
  for (const { role } of scene.results.filter((each) => each.rule)) {
    const told = toldOf(scene, block, isLoss, matrices, { role, row: 0, column: 0 });
    if (!told.numbers) return undefined;
    for (const marked of told.marks.keys()) roles.add(marked);
  }
  return roles;
}

/** A penalty of nothing, and the sum with it, need not be shown. */
function isShown(each: Result, block: Block, matrices: Matrix[]): boolean {
  if (each.role !== "penalty" && each.role !== "total") return true;
  return (matrices[block.arrays.penalty ?? -1]?.values[0] ?? 0) !== 0;
}

interface FigureProps {
  data: Data;
  each: Shown | Result;
  matrix: Matrix;
  isAlone: boolean;
  current: Chosen;
  told: Told;
  onChoose: (spot: { row: number; column: number }) => void;
  onHover: (spot: { row: number; column: number } | undefined) => void;
}



function Figure({ data, each, matrix, isAlone, current, told, onChoose, onHover }: FigureProps) {
  const isResult = "rule" in each;
  const check = isResult ? each.check : null;
  const shape = matrix.shape.join(" × ") || "one number";
  const wrong = check?.verdict === "WRONG";
  const names = ["array", isResult ? "result" : "", wrong ? "wrong" : "", !isAlone ? "large" : ""].join(" ");
  const columnNames = matrix.id === data.x ? data.features : undefined;
  return (
    <figure class={names} data-role={each.role}>
      <figcaption>
        <span class="symbol">{each.symbol}</span> {each.title} <span class="shape">{shape}</span>
      </figcaption>
      <Heatmap
        matrix={matrix}
        role={each.role}
        label={`${each.title}, ${each.symbol}, ${shape}`}
        chosen={current.role === each.role ? current : undefined}
        marks={told.marks.get(each.role)}
        {...{ columnNames, onChoose, onHover }}
      />
      {check && (
        <p class={`verdict ${wrong ? "bad" : check.verdict === "right" ? "good" : ""}`}>
          {wrong ? "✗ " : check.verdict === "right" ? "✓ " : ""}
          {check.text}
        </p>
      )}
    </figure>
  );
}
