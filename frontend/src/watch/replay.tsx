// The epoch that is looked at: a slider, and buttons to play and to follow the latest.
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../shared/keys";

interface Props {
  first: number;
  last: number;
  /** The epoch that was chosen; null follows the latest. */
  chosen: number | null;
  onChoose: (epoch: number | null) => void;
  isRunning: boolean;
}

const SECONDS = 12; // that a whole training takes to play
const A_SECOND = 12; // moves

export function Replay({ first, last, chosen, onChoose, isRunning }: Props) {
  const [isPlaying, setPlaying] = useState(false);
  const at = chosen ?? last;
  const shown = useRef(at); // for keys that come faster than they are heeded anew
  shown.current = at;
  useEffect(() => {
    if (!isPlaying) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const moves = isCalm ? 1 : A_SECOND;
    const step = Math.max(1, Math.round((last - first) / (SECONDS * moves)));
    const timer = setTimeout(() => {
      const next = Math.min(last, at + step);
      onChoose(next === last ? null : next);
      if (next === last) setPlaying(false);
    }, 1000 / moves);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last]);
  const play = () => {
    if (!isPlaying && at >= last) onChoose(first);
    setPlaying(!isPlaying);
  };
  const go = (epoch: number) => {
    setPlaying(false);
    onChoose(epoch >= last ? null : Math.max(first, epoch));
  };
  const place = useRef<HTMLDivElement>(null);
  const keys: Record<string, () => void> = {
    " ": play,
    ArrowLeft: () => go(shown.current - 1),
    ArrowRight: () => go(shown.current + 1),
    Home: () => go(first),
    End: () => go(last),
  };
  useKeys(place, (event) => {
    const at = event.composedPath()[0] as HTMLElement;
    const isForAt = /^(INPUT|BUTTON|SELECT|SUMMARY)$/.test(at.tagName) || at.closest(".scrolls");
    const isTaken = isForAt && !(event.key === " " && at.matches("[type=range]"));
    const act = keys[event.key];
    if (!act || isTaken || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  });
  return (
    <div class="replay" role="group" aria-label="Epoch that is shown" ref={place}>
      <button type="button" aria-keyshortcuts="Space" onClick={play}>{isPlaying ? "Pause" : "Play"}</button>
      <input
        type="range"
        aria-label="Epoch"
        aria-valuetext={`epoch ${at} of ${last}`}
        min={first}
        max={last}
        value={at}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <output>epoch {at}{chosen === null && isRunning ? ", the latest" : ` of ${last}`}</output>
      {isRunning && chosen !== null && <button type="button" onClick={() => go(last)}>Follow</button>}
    </div>
  );
}
