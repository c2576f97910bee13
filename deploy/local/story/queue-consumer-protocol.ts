// What the demo and its queue consumer say to each other: one line of JSON each way.
import { z } from "zod";

const requestSchema = z.object({ tap: z.string(), queues: z.int(), isMultiQueue: z.boolean() });
const answerSchema = z.object({ opened: z.int(), error: z.string().optional() });

/** "Open so many queues more of this tap." */
export type ConsumerRequest = Readonly<z.output<typeof requestSchema>>;

/** How many could be opened, and the errno that ended it. */
export type ConsumerAnswer = Readonly<z.output<typeof answerSchema>>;

export function parseConsumerRequest(line: string): ConsumerRequest {
  return requestSchema.parse(JSON.parse(line));
}

export function parseConsumerAnswer(line: string): ConsumerAnswer {
  return answerSchema.parse(JSON.parse(line));
}
