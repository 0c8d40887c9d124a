// A formula set as such: what follows "_" lower, what follows "^" higher.
import type { ComponentChildren } from "preact";

const PARTS = /([_^])(?:\(([^()]*)\)|(\w+|.))/gu;

export function FormulaText({ text, name = "formula" }: { text: string; name?: string }) {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    const [all, mark, inBrackets, other] = match;
    const script = inBrackets ?? other;
    parts.push(text.slice(end, match.index), mark === "_" ? <sub>{script}</sub> : <sup>{script}</sup>);
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return (
    <p class={name} role="math" aria-label={text}>
      {parts}
    </p>
  );
}
