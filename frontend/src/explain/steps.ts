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

  function go(to: number) {
    setPlaying(false);
    setStep(Math.max(0, Math.min(count - 1, to)));
  }

  function play() {
    if (!isPlaying && isLast) setStep(0);
    setPlaying(!isPlaying);
  }

  return { step, go, isPlaying, play };
}
