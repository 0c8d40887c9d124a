// The page: a training step to walk through, forward and backward, block by block.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../shared/keys";
import { Controls } from "./controls";
import type { Data } from "./data";
import { FormulaText } from "./formula-text";
import { type Matrix, readMatrices } from "./matrix";
import { Panel } from "./panel";
import { Rows } from "./rows";
import { blocksOf, type Scene, scenesOf } from "./scenes";
import { Strip } from "./strip";
import { useSteps } from "./steps";

const PHASES = { forward: "Forward", backward: "Backward", update: "Update" };

const ACTS: Record<string, (from: number) => number> = {
  ArrowRight: (from) => from + 1,
  ArrowLeft: (from) => from - 1,
  Home: () => 0,
  End: () => Number.POSITIVE_INFINITY,
};

export function Page({ data }: { data: Data }) {
  const [matrices, setMatrices] = useState<Matrix[] | undefined>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    readMatrices(data).then(setMatrices, (error: unknown) => setProblem(String(error)));
  }, [data]);
  return (
    <main>
      <header>
        <h1>{data.title}</h1>
        <p class="network">{data.network}</p>
        <p class={`summary ${data.right ? "good" : "bad"}`}>
          {data.right ? "✓ " : "✗ "}
          {data.verdict}
        </p>
        {data.note && <p class="note">Numbers are of float32. {sentence(data.note)}</p>}
        {data.subject && <p class="note">{data.subject}</p>}
      </header>
      {data.rows && <Rows rows={data.rows} />}
      {problem && <p class="bad">This browser cannot read the numbers: {problem}</p>}
      {matrices && <Walk data={data} matrices={matrices} />}
    </main>
  );
}

function Walk({ data, matrices }: { data: Data; matrices: Matrix[] }) {
  const place = useRef<HTMLDivElement>(null);
  const scenes = useMemo(() => scenesOf(data), [data]);
  const blocks = useMemo(() => blocksOf(data), [data]);
  const { step, move, isPlaying, play } = useSteps(scenes.length);
  const go = (to: number) => move(() => to);
  const scene = scenes[step] as Scene;
  const block = blocks[scene.block] as (typeof blocks)[number];

  useKeys(place, (event) => {
    const target = event.composedPath()[0] as HTMLElement;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (target instanceof HTMLInputElement && event.key !== " ") return;
    if (event.key === " " && target instanceof HTMLButtonElement) return;
    const act = ACTS[event.key];
    if (!act && event.key !== " ") return;
    event.preventDefault();
    if (act) move(act);
    else play();
  });

  function choose(number: number) {
    const same = scenes.findIndex((each) => each.block === number && each.phase === scene.phase);
    go(same >= 0 ? same : scenes.findIndex((each) => each.block === number));
  }

  const title = `${PHASES[scene.phase]}: ${block.name} ${scene.what}`;
  return (
    <div ref={place}>
      <div class="top">
        <Controls {...{ step, isPlaying }} count={scenes.length} onMove={move} onPlay={play} />
        <Strip blocks={blocks} scene={scene} onChoose={choose} />
      </div>
      <p class="unseen" role="status">
        Step {step + 1} of {scenes.length}. {title}.
      </p>
      <section class="scene" data-step={step} data-phase={scene.phase} data-block={block.name} aria-label={title}>
        <h2>
          <span class="phase">{PHASES[scene.phase]}</span> <span class="name">{block.name}</span>
          <span class="what"> {scene.what}</span>
        </h2>
        {scene.formulas.filter(Boolean).map((formula) => (
          <FormulaText text={formula} key={formula} />
        ))}
        <Panel key={step} {...{ data, block, scene, matrices }} />
      </section>
      <div class="help">
        <p>
          <span class="sign plus" /> positive, <span class="sign minus" /> negative, the stronger the nearer to the
          largest number of an array.
        </p>
        <p>Keys: ← and → step, Home and End go to the ends, space plays. Tab leads into arrays, where arrows move the cell.</p>
      </div>
    </div>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
