// Answers each line `["a0", null]` with the key between the two.
import { createInterface } from "node:readline";
import { generateKeyBetween } from "fractional-indexing";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(generateKeyBetween(...JSON.parse(line)));
}
