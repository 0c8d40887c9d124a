// The page of a training step.
import { mountOf } from "../shared/mount";
import css from "./page.css";
import { Page } from "./page";

export const mount = mountOf(Page, css);
