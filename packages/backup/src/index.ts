export { BackupFolderRefused, BackupWriter, type BackupOrigin } from './backup-writer';
export { BucketFileReader } from './bucket-file';
export { BackupDamaged } from './damaged';
export { Examiner, type Examination } from './examination';
export { backupId, BACKUP_FORMAT, MANIFEST_FILE, type BackupCounts, type BackupTotal, type BucketFile, type Manifest } from './manifest';
export { restoredBuckets, restoreRows, type RestoredBucket, type RestorePorts } from './restore';
export { verifyBackup, type VerifiedBackup, type VerifyPorts } from './verify';
