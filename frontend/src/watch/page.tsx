import { useEffect, useState } from "preact/hooks";
import { Curves } from "./curves";
import { Layers } from "./layers";
import { type Fit, type Remark, type Told, withNews } from "./model";
import { Replay } from "./replay";
import { type Link, Status } from "./status";

export interface Data {
  title: string;
  /** The address of news, of a page that is served. */
  stream?: string;
  /** All there is, in a page that was saved. */
  record?: Told;
}

export function Page({ data }: { data: Data }) {
  const [fits, link] = useFits(data);
  const [wanted, setWanted] = useState<number | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const number = Math.min(wanted ?? fits.length - 1, fits.length - 1);
  const fit = fits[number];
  const choose = (to: number) => {
    setWanted(to === fits.length - 1 ? null : to);
    setChosen(null);
  };
  return (
    <main>
      <header>
        <h1>{data.title}</h1>
        {fits.length > 1 && (
          <label class="fits">
            Fit{" "}
            <select value={number} onChange={(event) => choose(Number(event.currentTarget.value))}>
              {fits.map((some, at) => (
                <option key={at} value={at}>{at + 1} of {fits.length}{some.state.running ? ", running" : ""}</option>
              ))}
            </select>
          </label>
        )}
      </header>
      {fit ? (
        <Shown key={number} {...{ fit, link, chosen, setChosen, pointed, setPointed }} />
      ) : (
        <p role="status">{link === "file" ? "No training was recorded." : "Waiting for a training to begin."}</p>
      )}
    </main>
  );
}

interface ShownProps {
  fit: Fit;
  link: Link;
  chosen: number | null;
  setChosen: (epoch: number | null) => void;
  pointed: number | null;
  setPointed: (epoch: number | null) => void;
}

function Shown({ fit, link, chosen, setChosen, pointed, setPointed }: ShownProps) {
  const first = fit.looks[0]?.epoch ?? 0;
  const last = fit.state.epochs;
  const cursor = Math.min(pointed ?? chosen ?? last, last);
  const isRunning = fit.state.running && link === "live";
  return (
    <>
      <Status fit={fit} link={link} />
      <Replay {...{ first, last, chosen, isRunning }} onChoose={setChosen} />
      <div class="columns">
        <Curves fit={fit} cursor={cursor} onPoint={setPointed} />
        <Remarks remarks={fit.remarks.filter((remark) => remark.epoch <= cursor)} isLive={isRunning && cursor === last} />
      </div>
      <Layers fit={fit} cursor={cursor} onPoint={setPointed} />
      <Facts fit={fit} />
    </>
  );
}

function Remarks({ remarks, isLive }: { remarks: Remark[]; isLive: boolean }) {
  return (
    <section aria-labelledby="doctor" aria-live={isLive ? "polite" : "off"} class="doctor">
      <h2 id="doctor">The doctor</h2>
      {remarks.length === 0 && <p class="soft">Nothing to remark so far.</p>}
      <ul>
        {remarks.map((remark) => (
          <li key={`${remark.where}${remark.what}`} class={remark.severity}>
            <p><b class="severity">{remark.severity}</b> in epoch {remark.epoch}, <code>{remark.where}</code></p>
            <p>{remark.what}</p>
            <p class="remedy">{remark.remedy}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ fit: { facts, state } }: { fit: Fit }) {
  const told = [
    ["Optimizer", facts.optimizer],
    ["Loss", facts.loss],
    ["Engine", state.engine],
    ["Rows", `${facts.rows}`],
    ["Parameters", `${facts.parameters}`],
    ["Best judged by", facts.monitor],
  ];
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Settings, and how to read this</h2>
      <dl>{told.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <ul class="reading">
        <li>Outputs and gradients: the line is the median; half of all values lie in the darker band, nine tenths in the lighter.</li>
        <li>
          Step ÷ weights: by what part of their size one step of the optimizer changes weights, as root mean squares.
          About a thousandth is good; between 1e−4 and 1e−2, the shaded part, is common.
        </li>
        <li>A unit is without gradient if its slope is next to 0 in every row: what comes before it does not learn through it. Saturated values lie where the function is flat.</li>
        <li>Keys: space plays, the arrows go from epoch to epoch, Home and End to the first and the last.</li>
      </ul>
    </section>
  );
}

/** Return all fits so far, and whether more is to come. */
function useFits(data: Data): [Fit[], Link] {
  const [fits, setFits] = useState<Fit[]>(() => (data.record ? withNews([], data.record) : []));
  const [link, setLink] = useState<Link>(data.stream ? "live" : "file");
  useEffect(() => {
    if (!data.stream) return;
    const source = new EventSource(data.stream);
    let isNew = true; // what comes first takes the place of all there was
    source.addEventListener("start", () => {
      isNew = true;
      setLink("live");
    });
    source.addEventListener("over", () => {
      source.close();
      setLink("over");
    });
    source.onmessage = (event) => {
      const news: Told = JSON.parse(event.data);
      const anew = isNew;
      isNew = false;
      setFits((before) => withNews(anew ? [] : before, news));
    };
    source.onerror = () => setLink("lost");
    return () => source.close();
  }, [data.stream]);
  return [fits, link];
}
