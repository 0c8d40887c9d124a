// The scenes of a step: forward block by block, the loss, backward, and the optimizer's update.
import type { Block, Check, Data } from "./data";

export type Phase = "forward" | "backward" | "update";

/** An array that a scene shows: by its name on the tape, with what it is called there. */
export interface Shown {
  role: string;
  title: string;
  symbol: string;
}

/** An array that a scene makes. */
export interface Result extends Shown {
  rule: string;
  check: Check | null;
}

export interface Scene {
  phase: Phase;
  /** Number of the block; that of the loss comes after all others. */
  block: number;
  what: string;
  /** Formulas as they are said in docstrings. */
  formulas: string[];
  given: Shown[];
  results: Result[];
}

const PARAMETER: Record<string, string> = {
  WeightMultiply: "W",
  BiasAdd: "b",
  GainMultiply: "g",
  Lookup: "W",
  PReLU: "a",
};

const KEPT: Record<string, string> = { mask: "M", batch_mean: "μ", batch_variance: "v", scale: "s" };

export function blocksOf(data: Data): Block[] {
  return [...data.steps, data.loss];
}

export function scenesOf(data: Data): Scene[] {
  const last = data.steps.length;
  const numbered = data.steps.map((block, number) => ({ block, number }));
  const ran = numbered.filter(({ block }) => "output" in block.arrays);
  const forward = ran.map(({ block, number }) => forwardOf(block, number));
  const back = data.backward.map((number) => backwardOf(data.steps[number] as Block, number));
  const updates = numbered.filter(({ block }) => "update" in block.arrays);
  return [
    ...forward,
    lossOf(data.loss, last),
    lossGradientOf(data.loss, last),
    ...back.filter((scene) => scene.results.length > 0),
    ...updates.map(({ block, number }) => updateOf(block, number)),
  ];
}

export function parameterOf(block: Block): string {
  return PARAMETER[block.kind] ?? "parameter";
}

function shown(block: Block, list: [string, string, string][]): Shown[] {
  return list
    .filter(([role]) => role in block.arrays)
    .map(([role, title, symbol]) => ({ role, title, symbol }));
}

function forwardOf(block: Block, number: number): Scene {
  return {
    phase: "forward",
    block: number,
    what: "computes its output",
    formulas: [block.formula],
    given: [
      ...shown(block, [["input", "input", "X"], ["param", "parameter", parameterOf(block)]]),
      ...shown(block, block.kept.map((name) => [name, KEPT[name] ? `${name}, kept` : "kept", KEPT[name] ?? name])),
    ],
    results: [{ role: "output", title: "output", symbol: "Y", rule: block.formula, check: null }],
  };
}

function lossOf(loss: Block, number: number): Scene {
  const formula = loss.formula;
  const result = { role: "value", title: "loss", symbol: "L", rule: formula, check: null };
  return {
    phase: "forward",
    block: number,
    what: "says how wrong the prediction is",
    formulas: [formula],
    given: shown(loss, [
      ["prediction", "prediction", predictionOf(loss)],
      ["target", "target", "t"],
      ["weights", "weights of the rows", "w"],
    ]),
    results: [result, ...penaltiesOf()],
  };
}

function penaltiesOf(): Result[] {
  const nothing = { rule: "", check: null };
  return [
    { role: "penalty", title: "penalty of the parameters", symbol: "P", ...nothing },
    { role: "total", title: "loss and penalty", symbol: "L + P", ...nothing },
  ];
}

/** The letter that a loss has for the prediction. */
export function predictionOf(loss: Block): string {
  return /z_|^∂L\/∂z/.test(loss.rules.input_grad + loss.formula) ? "z" : "p";
}

function lossGradientOf(loss: Block, number: number): Scene {
  const letter = predictionOf(loss);
  const { input_grad: rule } = loss.rules;
  const check = loss.checks.input_grad;
  return {
    phase: "backward",
    block: number,
    what: "starts the gradient",
    formulas: [rule],
    given: shown(loss, [
      ["prediction", "prediction", letter],
      ["target", "target", "t"],
      ["weights", "weights of the rows", "w"],
    ]),
    results: [{ role: "input_grad", title: "gradient of the prediction", symbol: `∂L/∂${letter}`, rule, check }],
  };
}

function backwardOf(block: Block, number: number): Scene {
  const { rules, checks } = block;
  const letter = parameterOf(block);
  const results: Result[] = shown(block, [
    ["input_grad", "gradient sent on", "∂L/∂X"],
    ["param_grad", "gradient of the parameter", `∂L/∂${letter}`],
  ]).map((each) => {
    const role = each.role as "input_grad" | "param_grad";
    return { ...each, rule: rules[role], check: checks[role] };
  });
  return {
    phase: "backward",
    block: number,
    what: "sends the gradient back",
    formulas: results.map((result) => result.rule),
    given: [
      ...shown(block, [
        ["output_grad", "gradient that came", "G = ∂L/∂Y"],
        ["input", "input", "X"],
        ["output", "output", "Y"],
        ["param", "parameter", letter],
      ]),
      ...shown(block, block.kept.map((name) => [name, KEPT[name] ? `${name}, kept` : "kept", KEPT[name] ?? name])),
      ...shown(block, [["penalty_grad", "gradient of the penalty, which comes in addition", "P"]]),
    ],
    results,
  };
}

function updateOf(block: Block, number: number): Scene {
  const letter = parameterOf(block);
  const rule = "Z = W + U";
  return {
    phase: "update",
    block: number,
    what: "gets a new parameter",
    formulas: [`new ${letter} = ${letter} + update`],
    given: shown(block, [
      ["param", "parameter", letter],
      ["param_grad", "its gradient", `∂L/∂${letter}`],
      ["penalty_grad", "gradient of the penalty", "P"],
      ["update", "update, of the optimizer", `Δ${letter}`],
    ]),
    results: [{ role: "new_param", title: "new parameter", symbol: `new ${letter}`, rule, check: null }],
  };
}
