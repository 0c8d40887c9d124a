// Which step is shown, and playing through them.
import { useEffect, useState } from "preact/hooks";

const PAUSE = 1500; // milliseconds

export function useSteps(count: number) {
  const [step, setStep] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const isLast = step >= count - 1;

  useEffect(() => {
    if (!isPlaying) return;
    if (isLast) setPlaying(false);
    const timer = setTimeout(() => setStep(Math.min(step + 1, count - 1)), PAUSE);
    return () => clearTimeout(timer);
  }, [isPlaying, step, count, isLast]);

  // Of keys in quick succession each counts, whether or not the page was drawn between them.
  function move(to: (from: number) => number) {
    setPlaying(false);
    setStep((from) => Math.max(0, Math.min(count - 1, to(from))));
  }

  function play() {
    if (!isPlaying && isLast) setStep(0);
    setPlaying((was) => !was);
  }

  return { step, move, isPlaying, play };
}
