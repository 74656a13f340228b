/** Signing in and out, and who is signed in. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAX_TOKEN_BYTES } from '../session/claims';
import type { Viewer } from '../session/viewer';
import { Door, noContent, valid, type Context } from './context';
import { Refused } from './refused';
import type { SessionView } from './views';

const CREDENTIAL = z.union([z.strictObject({ token: z.string().trim().min(1).max(MAX_TOKEN_BYTES) }), z.strictObject({ code: z.string().min(1).max(128) })]);

export function sessionRoutes(app: FastifyInstance, context: Context): void {
  const door = new Door(context);
  const { sessions, codes, signIn, logger, cookieName } = context;
  const cookie = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;
  const view = (viewer: Viewer | null): SessionView => ({ viewer: viewer === null ? null : viewer.claims, hasShow: context.show !== null });

  app.get('/api/session', (request): SessionView => view(door.viewerOrNull(request)));

  app.post('/api/session', async (request, reply): Promise<SessionView> => {
    const given = valid(CREDENTIAL, request.body);
    const token = 'token' in given ? given.token : codes.redeem(given.code);
    if (token === null)
      throw new Refused(
        401,
        'CODE_REFUSED',
        'This address has been used or is too old: type "console" where npm start runs for a new one, or sign in with a token.',
      );
    const viewer = await signIn.with(token).catch((error: unknown) => {
      logger.warn({ address: request.ip, reason: error instanceof Error ? error.message : String(error) }, 'a sign-in to the console was refused');
      throw error;
    });
    sessions.close(door.sessionName(request));
    void reply.setCookie(cookieName(), sessions.open(viewer), cookie);
    logger.info({ address: request.ip, viewer: viewer.claims.name, isOperator: viewer.claims.isOperator }, 'signed in to the console');
    return view(viewer);
  });

  app.delete('/api/session', (request, reply) => {
    sessions.close(door.sessionName(request));
    void reply.clearCookie(cookieName(), cookie);
    return noContent(reply);
  });
}
