// The terms of a sum as bars: what pushed a number up, and what pushed it down.
import { figure } from "./figures";
import type { Term, Written } from "./written";

interface Props {
  numbers: Written;
  total: string;
  /** What a term stands for: "row 3". */
  nameOf: (term: Term) => string;
  of: string;
}

const MOST = 32; // terms
const LONGEST = 24; // letters of a product for which there is room

export function Split({ numbers, total, nameOf, of }: Props) {
  const { terms } = numbers;
  const order = [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const chosen = new Set(order.slice(0, MOST));
  const shown = terms.filter((term) => chosen.has(term));
  const largest = Math.abs(order[0]?.value ?? 0);
  const left = terms.length - shown.length;
  const hasRoom = shown.every((term) => term.text.length <= LONGEST);
  return (
    <table class="split">
      <caption>
        {of}
        {left > 0 && `: the ${MOST} largest of ${terms.length} terms`}
      </caption>
      <tbody>
        {shown.map((term) => (
          <tr key={nameOf(term)}>
            <th scope="row">{nameOf(term)}</th>
            <td class="product">{hasRoom && term.text}</td>
            <td class="bar" aria-hidden="true">
              <Bar share={largest > 0 ? term.value / largest : 0} />
            </td>
            <td class="value">{figure(term.value)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">sum</th>
          <td class="product" />
          <td class="bar" />
          <td class="value">{total}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function Bar({ share }: { share: number }) {
  const length = `${Math.abs(share) * 50 || 0}%`;
  const side = share < 0 ? { right: "50%" } : { left: "50%" };
  return <span class={share < 0 ? "minus" : "plus"} style={{ ...side, width: length }} />;
}
