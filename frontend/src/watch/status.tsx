// How far a training is, in words and as a bar, and why it ended.
import { type Fit, speedOf } from "./model";
import { count, duration } from "./numbers";

export type Link = "file" | "live" | "lost" | "over";

export function Status({ fit, link }: { fit: Fit; link: Link }) {
  const { state, facts } = fit;
  const speed = speedOf(fit);
  const isCut = state.running && link !== "live";
  return (
    <div class="status">
      <p class="unseen" role="status">
        {isCut ? linked(link, true) : state.running ? "Training." : headline(fit, link)}
      </p>
      <p class="progress">
        <strong class={state.reason === "diverged" ? "bad" : ""}>{headline(fit, link)}</strong>{" "}
        {speed !== null && state.running && !isCut && (
          <>
            {count(speed)} epochs/s, {count(speed * facts.rows)} rows/s,{" "}
            {duration((state.until - state.epochs) / speed)} left at most.
          </>
        )}
        {!state.running && state.epochs > 0 && (
          <>
            {count(state.epochs / state.seconds)} epochs/s,{" "}
            {count((state.epochs * facts.rows) / state.seconds)} rows/s.
          </>
        )}
      </p>
      {state.running && !isCut && (
        <progress max={state.until} value={state.epochs} aria-label="Epochs done" />
      )}
      {state.error && <p class="error">{state.error}</p>}
      <p class="soft">{linked(link, state.running)}</p>
    </div>
  );
}

function headline({ state }: Fit, link: Link): string {
  const done = `${state.epochs} ${state.epochs === 1 ? "epoch" : "epochs"}`;
  if (state.running) {
    if (link === "file") return `Saved while training, after ${done} of ${state.until}.`;
    return link === "live" ? `Training: epoch ${state.epochs} of ${state.until}.` : `Cut off after ${done}.`;
  }
  const best = state.best === null ? "" : ` Best: epoch ${state.best}.`;
  const how = REASONS[state.reason] ?? `Stopped (${state.reason})`;
  return `${how} after ${done}, ${duration(state.seconds)}.${best}`;
}

const REASONS: Record<string, string> = {
  completed: "Completed",
  "early stopping": "Stopped early",
  interrupted: "Interrupted",
  diverged: "Diverged",
  failed: "Failed with an error",
  converged: "Converged",
};

function linked(link: Link, isRunning: boolean): string {
  if (link === "file") return "A saved training: nothing here changes any more.";
  if (link === "lost") return "No connection: the program may have ended. This page keeps what it was told.";
  if (link === "over") return "The program has ended. This page keeps what it was told.";
  return isRunning ? "Live, from this computer." : "The program still runs; another training would be shown here.";
}
