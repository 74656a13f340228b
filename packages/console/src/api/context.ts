/** What every route needs: who asks, and whether he may. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Logger } from '@mas/values';
import type { ZodType } from 'zod';
import type { OneTimeCodes } from '../session/one-time-codes';
import type { Sessions } from '../session/sessions';
import type { SignIn } from '../session/sign-in';
import type { Viewer } from '../session/viewer';
import type { Show } from '../show/show';
import { Refused } from './refused';

export interface Context {
  readonly sessions: Sessions<Viewer>;
  readonly codes: OneTimeCodes;
  readonly signIn: SignIn;
  readonly show: Show | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the session; names the port, as cookies of one host are for all its ports. */
  readonly cookieName: () => string;
}

export class Door {
  constructor(private readonly context: Context) {}

  sessionName(request: FastifyRequest): string {
    return request.cookies[this.context.cookieName()] ?? '';
  }

  viewerOrNull(request: FastifyRequest): Viewer | null {
    return this.context.sessions.find(this.sessionName(request));
  }

  /** @throws Refused */
  viewer(request: FastifyRequest): Viewer {
    const viewer = this.viewerOrNull(request);
    if (viewer === null)
      throw new Refused(401, 'NOT_SIGNED_IN', 'Sign in first; a session ends with its token, after an hour without a request, and with the console.');
    return viewer;
  }

  /** @throws Refused */
  operator(request: FastifyRequest): Viewer {
    const viewer = this.viewer(request);
    if (!viewer.claims.isOperator)
      throw new Refused(403, 'OPERATORS_ONLY', 'This is for operators; an account\u2019s token sees its own account and changes nothing here.');
    return viewer;
  }
}

/** @throws Refused with the first thing that is wrong */
export function valid<Value>(schema: ZodType<Value>, input: unknown): Value {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused(
    400,
    'REQUEST_INVALID',
    `${issue === undefined || issue.path.length === 0 ? 'the request' : issue.path.join('.')}: ${issue?.message ?? 'is wrong'}`,
  );
}

export const noContent = (reply: FastifyReply): FastifyReply => reply.code(204).send();
