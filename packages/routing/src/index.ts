/** One exchange with a bucket, wherever its leader is: for coordinators and for Resource Managers that ask other buckets. */
export { LeaderAsker, type AskerPorts, type Exchange, type ParticipantAnswer } from './leader-asker';
