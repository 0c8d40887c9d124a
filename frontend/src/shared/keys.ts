// Keys: a page that has a document to itself takes them at once, one in a notebook when it has focus.
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** Whether an element, in its shadow root, is what its document is for. */
export function hasDocumentToItself(element: Element): boolean {
  const root = element.getRootNode();
  return root instanceof ShadowRoot && root.host.parentElement === document.body;
}

/** Call `act` with each key that is for the page within `place`. */
export function useKeys(place: RefObject<HTMLElement | null>, act: (event: KeyboardEvent) => void): void {
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const listening = hasDocumentToItself(element) ? document : element;
    const listener = act as EventListener;
    listening.addEventListener("keydown", listener);
    return () => listening.removeEventListener("keydown", listener);
  });
}
