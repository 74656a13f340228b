/**
 * What the entries of the meta group do to the placement map. Each command names what it expects, so that two who decide on
 * the same view never both have their way, and a repetition changes nothing.
 */
import { incarnation, ordinal, type Incarnation } from '@mas/membership';
import { changeMap, type ClusterNode, type ClusterRecord, type MapChange, type PlacementMap } from '@mas/placement';
import { invariant, rmId, type RmId } from '@mas/values';
import { mapChangeIn } from './map-change-codec';
import { placementFields, placementIn } from './placement-codec';

export type MetaCommand =
  /** A newer map replaces an older one; who the nodes are is not its business. */
  | { readonly kind: 'map'; readonly map: PlacementMap }
  /** The first record of who they are; `map` counts where there is none yet. Where there is one the cluster has paid already, with the first txns. */
  | { readonly kind: 'found'; readonly map: PlacementMap; readonly cluster: ClusterRecord }
  /** The operator says that the disk of this incarnation is lost. */
  | { readonly kind: 'lose'; readonly rm: RmId; readonly incarnation: Incarnation }
  /** A new incarnation takes the place of a lost one. */
  | { readonly kind: 'admit'; readonly rm: RmId; readonly incarnation: Incarnation; readonly replaces: Incarnation }
  /**
   * Nodes, slots or placement change, on the version of the map that this was decided on and on no other (docs/adr/0022). Null: on any, for a change that names what it is
   * about by a number that is given once.
   */
  | { readonly kind: 'change'; readonly onVersion: number | null; readonly change: MapChange };

/** The same object where nothing changes. */
export function applyMetaCommand(current: PlacementMap | null, command: MetaCommand): PlacementMap | null {
  switch (command.kind) {
    case 'map':
      return current === null || command.map.version > current.version ? { ...command.map, cluster: current?.cluster ?? command.map.cluster } : current;
    case 'found': {
      const base = current ?? command.map;
      return base.cluster === null
        ? { ...base, version: base.version + 1, cluster: current === null ? command.cluster : { ...command.cluster, txnVersion: 1 } }
        : base;
    }
    case 'lose':
      return changed(current, command.rm, (node) => (node.incarnation === command.incarnation && !node.isLost ? { ...node, isLost: true } : node));
    case 'admit':
      return changed(current, command.rm, (node) =>
        node.isLost && node.incarnation === command.replaces
          ? { rm: node.rm, incarnation: command.incarnation, ordinal: ordinal(node.ordinal + 1), isLost: false }
          : node,
      );
    case 'change': {
      if (current === null || (command.onVersion !== null && current.version !== command.onVersion)) return current;
      const after = changeMap(current, command.change);
      return after.ok ? after.value : current;
    }
    default:
      return command satisfies never;
  }
}

export function encodeMetaCommand(command: MetaCommand): Uint8Array {
  return Buffer.from(JSON.stringify(fieldsOf(command)), 'utf8');
}

/** Entries of versions before commands were maps. @throws InvariantViolation */
export function decodeMetaCommand(bytes: Uint8Array): MetaCommand {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  invariant(typeof value === 'object' && value !== null, 'an entry of the meta group is an object');
  const fields = value as Record<string, unknown>;
  switch (fields['command']) {
    case undefined:
      return { kind: 'map', map: placementIn(fields) };
    case 'map':
      return { kind: 'map', map: placementIn(fields['map']) };
    case 'found': {
      const { cluster, ...map } = placementIn(fields['map']);
      invariant(cluster !== null, 'a founding says who the nodes are');
      return { kind: 'found', map: { ...map, cluster: null }, cluster };
    }
    case 'lose':
      return { kind: 'lose', rm: rmId(Number(fields['rm'])), incarnation: incarnation(String(fields['incarnation'])) };
    case 'change':
      return { kind: 'change', onVersion: fields['onVersion'] === null ? null : Number(fields['onVersion']), change: mapChangeIn(fields['change']) };
    default:
      invariant(fields['command'] === 'admit', 'the command of the meta group is known', { command: fields['command'] });
      return {
        kind: 'admit',
        rm: rmId(Number(fields['rm'])),
        incarnation: incarnation(String(fields['incarnation'])),
        replaces: incarnation(String(fields['replaces'])),
      };
  }
}

function fieldsOf(command: MetaCommand): Readonly<Record<string, unknown>> {
  switch (command.kind) {
    case 'map':
      return { command: 'map', map: placementFields(command.map) };
    case 'found':
      return { command: 'found', map: placementFields({ ...command.map, cluster: command.cluster }) };
    case 'lose':
      return { command: 'lose', rm: command.rm, incarnation: command.incarnation };
    case 'admit':
      return { command: 'admit', rm: command.rm, incarnation: command.incarnation, replaces: command.replaces };
    case 'change':
      return { command: 'change', onVersion: command.onVersion, change: command.change };
    default:
      return command satisfies never;
  }
}

function changed(current: PlacementMap | null, rm: RmId, change: (node: ClusterNode) => ClusterNode): PlacementMap | null {
  const node = current?.cluster?.nodes.find((each) => each.rm === rm);
  if (current === null || current.cluster === null || node === undefined) return current;
  const after = change(node);
  if (after === node) return current;
  return {
    ...current,
    version: current.version + 1,
    cluster: { ...current.cluster, nodes: current.cluster.nodes.map((each) => (each.rm === rm ? after : each)) },
  };
}
