/** What all codecs of the placement map are held to. */
export { placementCodecConformance, SAMPLE_MAPS, type PlacementCodec } from './placement-codecs';
