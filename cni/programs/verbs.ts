// The program that serves every verb, and what is none.

import { main } from "../main.ts";
import { verbs } from "../verbs.ts";

main(verbs);
