// The program that serves ADD alone.

import { main } from "../main.ts";
import { ADD } from "../verbs.ts";

main({ ADD });
