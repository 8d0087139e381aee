// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Testing

struct FileSystemTests {
  private static let mounts = """
    /dev/sda1 / ext4 rw 0 0
    tmpfs /dev/shm tmpfs rw 0 0
    server:/export /users nfs4 rw 0 0
    /dev/sdb /users/local\\040disk xfs rw 0 0
    fast@tcp:/fast /scratch lustre rw 0 0
    """

  @Test(arguments: [
    ("/data/a", false), ("/dev/shm/x", false), ("/users/me", true), ("/users/local disk/x", false), ("/users2", false), ("/scratch", true),
    ("/scratch/deep/down", true),
  ]) func whatIsMountedNearestDecides(path: String, isShared: Bool) {
    #expect(FileSystem.isShared(path, mounts: Self.mounts) == isShared)
  }

  @Test func whatIsNotKnownIsTakenForShared() { #expect(FileSystem.isShared("/x", mounts: nil)) }
}
