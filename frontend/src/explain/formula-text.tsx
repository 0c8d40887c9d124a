// A formula set as such: what follows "_" lower, what follows "^" higher, with a true minus.
import type { ComponentChildren } from "preact";

const PARTS = /([_^])(?:\(([^()]*)\)|(\w+|.))/gu;

export function FormulaText({ text, name = "formula" }: { text: string; name?: string }) {
  return (
    <p class={name} role="math" aria-label={text}>
      {set(text.replaceAll("-", "−"))}
    </p>
  );
}

function set(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    const [all, mark, inBrackets, other = ""] = match;
    const script = inBrackets === undefined ? other : set(inBrackets);
    parts.push(text.slice(end, match.index), mark === "_" ? <sub>{script}</sub> : <sup>{script}</sup>);
    end = match.index + all.length;
  }
  return [...parts, text.slice(end)];
}
