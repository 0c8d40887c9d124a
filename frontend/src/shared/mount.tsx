// Puts a page into an element, a whole document's or one of a notebook, apart from its styles.
import { type ComponentType, render } from "preact";
import theme from "./theme.css";

export type Mount<Data> = (place: HTMLElement, data: Data) => () => void;

/** Make the function by which a page is shown; what it returns takes the page away again. */
export function mountOf<Data>(Page: ComponentType<{ data: Data }>, css: string): Mount<Data> {
  return (place, data) => {
    const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
    for (const before of root.children) render(null, before); // what was shown here ends
    const style = document.createElement("style");
    style.textContent = theme + css;
    const main = document.createElement("div");
    root.replaceChildren(style, main);
    render(<Page data={data} />, main);
    return () => render(null, main);
  };
}
