/** Nominal typing: a branded value is minted by a parser or a named successor only, never by a cast elsewhere. */
declare const brand: unique symbol;

export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
