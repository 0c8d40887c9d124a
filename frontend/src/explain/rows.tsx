// The rows of a table that were explained: what is in them, and what the model says.
import type { Row } from "./data";

export function Rows({ rows }: { rows: Row[] }) {
  return (
    <details class="rows" open={rows.length === 1}>
      <summary>{rows.length === 1 ? `Row ${rows[0]?.row}` : `The ${rows.length} rows`}</summary>
      <div class="row-list" tabIndex={0} role="region" aria-label="The rows that are explained">
        {rows.map((row) => (
          <dl key={row.row}>
            {rows.length > 1 && <Entry name="row" value={row.row} />}
            {row.values.map(([name, value]) => (
              <Entry key={name} name={name} value={value} />
            ))}
            <Entry name={row.target} value={row.prediction} />
          </dl>
        ))}
      </div>
    </details>
  );
}

function Entry({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
