// Step forward and back: buttons, a slider, and play.

interface Props {
  step: number;
  count: number;
  isPlaying: boolean;
  onMove: (to: (from: number) => number) => void;
  onPlay: () => void;
}

export function Controls({ step, count, isPlaying, onMove, onPlay }: Props) {
  const last = count - 1;
  return (
    <div class="controls" role="group" aria-label="Steps">
      <button type="button" aria-label="First step" aria-keyshortcuts="Home" disabled={step === 0} onClick={() => onMove(() => 0)}>
        <Icon path="M5 4v12M16 4 8 10l8 6z" />
      </button>
      <button type="button" aria-label="Step back" aria-keyshortcuts="ArrowLeft" disabled={step === 0} onClick={() => onMove((from) => from - 1)}>
        <Icon path="M14 4 6 10l8 6z" />
      </button>
      <button type="button" class="play" aria-label={isPlaying ? "Pause" : "Play"} aria-keyshortcuts="Space" onClick={onPlay}>
        <Icon path={isPlaying ? "M6 4h3v12H6zM12 4h3v12h-3z" : "M6 3 16 10 6 17z"} />
      </button>
      <button type="button" aria-label="Step forward" aria-keyshortcuts="ArrowRight" disabled={step === last} onClick={() => onMove((from) => from + 1)}>
        <Icon path="m6 4 8 6-8 6z" />
      </button>
      <button type="button" aria-label="Last step" aria-keyshortcuts="End" disabled={step === last} onClick={() => onMove(() => last)}>
        <Icon path="M15 4v12M4 4l8 6-8 6z" />
      </button>
      <input
        type="range"
        min={0}
        max={last}
        value={step}
        aria-label="Step"
        aria-valuetext={`${step + 1} of ${count}`}
        onInput={(event) => {
          const to = Number(event.currentTarget.value);
          onMove(() => to);
        }}
      />
      <span class="count">
        {step + 1}/{count}
      </span>
    </div>
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={path} fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />
    </svg>
  );
}
