// The network as its blocks, left to right, grouped into layers; the loss at the end.
import { useEffect, useRef } from "preact/hooks";
import type { Block } from "./data";
import type { Scene } from "./scenes";

interface Props {
  blocks: Block[];
  scene: Scene;
  onChoose: (block: number) => void;
}

interface Group {
  name: string;
  members: { block: Block; number: number }[];
}

export function Strip({ blocks, scene, onChoose }: Props) {
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    const [box, lit] = [strip.current, strip.current?.querySelector<HTMLElement>("[aria-current]")];
    if (!box || !lit) return;
    const middle = lit.getBoundingClientRect().left - box.getBoundingClientRect().left + lit.offsetWidth / 2;
    box.scrollBy({ left: middle - box.clientWidth / 2 });
  }, [scene]);
  return (
    <nav class={`strip ${scene.phase}`} ref={strip} aria-label="Blocks of the network">
      <ol>
        {groupsOf(blocks).map((group) => (
          <li class="layer" key={group.members[0]?.number}>
            <span class="layer-name">{group.name}</span>
            <ol>
              {group.members.map(({ block, number }) => (
                <li key={number}>
                  <BlockButton block={block} isLit={number === scene.block} onChoose={() => onChoose(number)} />
                </li>
              ))}
            </ol>
          </li>
        ))}
      </ol>
    </nav>
  );
}

interface ButtonProps {
  block: Block;
  isLit: boolean;
  onChoose: () => void;
}

function BlockButton({ block, isLit, onChoose }: ButtonProps) {
  const wrong = isWrong(block);
  return (
    <button
      type="button"
      class={`block${isLit ? " lit" : ""}${wrong ? " wrong" : ""}`}
      aria-current={isLit ? "step" : undefined}
      data-block={block.name}
      onClick={onChoose}
    >
      {shortName(block)}
      {wrong && <span class="mark">✗ wrong gradient</span>}
    </button>
  );
}

export function isWrong(block: Block): boolean {
  return Object.values(block.checks).some((check) => check?.verdict === "WRONG");
}

/** The class in words, with the number of a call that is not the first. */
function shortName(block: Block): string {
  const again = / \(\d+\)$/.exec(block.name)?.[0] ?? "";
  return block.kind.replace(/(?<=[a-z])(?=[A-Z][a-z])/g, " ") + again;
}

function groupsOf(blocks: Block[]): Group[] {
  const groups: Group[] = [];
  blocks.forEach((block, number) => {
    const name = number === blocks.length - 1 ? "loss" : layerOf(block);
    const last = groups.at(-1);
    if (last && last.name === name) last.members.push({ block, number });
    else groups.push({ name, members: [{ block, number }] });
  });
  return groups;
}

function layerOf(block: Block): string {
  const end = block.name.lastIndexOf(".");
  const isJoint = !("param" in block.arrays) && /^[a-z_]*_\d+$/.test(block.name.slice(end + 1).replace(/ .*/, ""));
  return (end < 0 || isJoint ? block.name : block.name.slice(0, end)).replaceAll(".", " › ");
}
