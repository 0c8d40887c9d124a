// The data of the page, as Python's glassbrick.tape.as_page writes them.

export interface PackedArray {
  shape: number[];
  dtype: string;
  at?: number;
  as?: "double" | "single" | "decimal";
}

export interface Check {
  verdict: "right" | "WRONG" | "not checked";
  text: string;
}

export interface Gradients<T> {
  input_grad: T;
  param_grad: T;
}

export interface Block {
  name: string;
  kind: string;
  formula: string;
  rules: Gradients<string>;
  settings: Record<string, number | boolean | number[]>;
  arrays: Record<string, number>;
  kept: string[];
  checks: Gradients<Check | null>;
}

/** A row of a table that was explained: where it stands, what is in it, what was made of it. */
export interface Row {
  row: string;
  values: [string, string][];
  target: string;
  prediction: string;
}

export interface Data {
  title: string;
  network: string;
  verdict: string;
  right: boolean;
  note: string;
  x: number;
  steps: Block[];
  loss: Block;
  backward: number[];
  arrays: PackedArray[];
  digits: number;
  numbers: string;
  rows?: Row[];
  features?: string[];
  subject?: string;
}
