// The chosen cell: its number in full, the formula with numbers put in, and the terms of a sum.
import type { Block, Data } from "./data";
import { figure } from "./figures";
import { FormulaText } from "./formula-text";
import type { Scene } from "./scenes";
import { Split } from "./split";
import type { Chosen, Told } from "./told";
import type { Term } from "./written";

interface Props {
  data: Data;
  block: Block;
  scene: Scene;
  told: Told;
  chosen: Chosen;
}

export function CellPanel({ data, block, scene, told, chosen }: Props) {
  const { numbers } = told;
  const rule = scene.results.find((result) => result.role === chosen.role)?.rule;
  const overRows = isOverRows(scene, chosen, numbers?.letters ?? []);
  const total = told.differs ? figure(numbers?.value ?? 0) : told.short;
  const isOfData = scene.phase === "forward" && block.arrays.input === data.x;
  const nameOf = (term: Term) => termName(data, term, overRows, isOfData);
  return (
    <section class="chosen-cell" aria-label="The chosen cell">
      <h3>{told.name}</h3>
      <p class="full">{told.full}</p>
      {numbers && (
        <div class="numbers">
          {rule && scene.phase !== "update" && <FormulaText name="rule" text={rule} />}
          <p class="put-in">
            <span class="what">{told.name}</span> = <span class="right-side">{numbers.text}</span>
            {numbers.text !== total && (
              <>
                {" "}
                = <b>{total}</b>
              </>
            )}
          </p>
          {numbers.definitions.map((definition) => (
            <p class="with" key={definition}>
              {definition}
            </p>
          ))}
          {told.differs && (
            <p class="differs">✗ By the rule it is {figure(numbers.value)}. The block says {told.short}.</p>
          )}
        </div>
      )}
      {numbers && numbers.terms.length > 1 && (
        <Split
          numbers={numbers}
          total={total}
          nameOf={nameOf}
          of={sumOf(scene, overRows)}
        />
      )}
    </section>
  );
}

/** Whether a sum runs over the rows of the batch: those of parameters' gradients do. */
function isOverRows(scene: Scene, chosen: Chosen, letters: string[]): boolean {
  const isGradient = scene.phase === "backward" && chosen.role === "param_grad";
  return (isGradient && letters.length === 1) || letters[0] === "i";
}

function sumOf(scene: Scene, overRows: boolean): string {
  if (!overRows) return "What it is the sum of";
  const what = scene.phase === "forward" ? "adds" : "pushed it by";
  return `What each row of the batch ${what}`;
}

function termName(data: Data, term: Term, overRows: boolean, isOfData: boolean): string {
  const letters = Object.keys(term.place).filter((letter) => letter !== "i" && letter !== "j");
  const number = term.place[letters[0] ?? "i"] ?? 0;
  if (overRows) {
    const row = term.place.r ?? term.place.i ?? 0;
    return data.rows?.[row] ? `row ${data.rows[row].row}` : `row ${row}`;
  }
  if (isOfData && letters[0] === "k") return data.features?.[number] ?? String(number);
  return letters.length ? String(number) : `${term.place.i},${term.place.j}`;
}
