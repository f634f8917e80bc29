package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.canbridge.runtime.diffusion.ImageShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BatchLoaderTest {
  private static final int BATCH = 4;

  /** Example i is the value i, and one of its random numbers. */
  private static class Numbers implements TrainingSet {
    private final int size;
    private final AtomicInteger reads = new AtomicInteger();

    Numbers(int size) {
      this.size = size;
    }

    @Override
    public Path path() {
      return Path.of("numbers");
    }

    @Override
    public String kind() {
      return "numbers";
    }

    @Override
    public ImageShape shape() {
      return new ImageShape(1, 1, 2);
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public OptionalInt classes() {
      return OptionalInt.of(size);
    }

    @Override
    public boolean flipped() {
      return false;
    }

    @Override
    public Example read(long index, ExampleRandom random) throws IOException {
      reads.incrementAndGet();
      float drawn = (float) random.noise().normal();
      return new Example(new float[] {(float) index, drawn}, index);
    }

    @Override
    public void close() {}
  }

  private record Batch(long position, List<Long> labels, List<Float> drawn) {}

  private static List<Batch> batches(BatchLoader loader, int count) throws Exception {
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TrainingBatch batch = loader.next();
      List<Long> labels = new ArrayList<>();
      List<Float> drawn = new ArrayList<>();
      for (int row = 0; row < batch.labels().length; row++) {
        labels.add(batch.labels()[row]);
        assertEquals((float) batch.labels()[row], batch.values()[2 * row]);
        drawn.add(batch.values()[2 * row + 1]);
      }
      batches.add(new Batch(batch.firstPosition(), labels, drawn));
    }
    return batches;
  }

  private static List<Batch> batches(int size, int batch, long position, int threads, int count)
      throws Exception {
    try (BatchLoader loader =
        new BatchLoader(new Numbers(size), batch, 11, position, new LoaderOptions(threads, 5))) {
      return batches(loader, count);
    }
  }

  @Test
  void anEpochIsItsOrderCutIntoWholeBatches() throws Exception {
    List<Batch> found = batches(11, BATCH, 0, 1, 6);
    for (int epoch = 0; epoch < 3; epoch++) {
      int[] order = EpochOrder.of(11, epoch, 11);
      for (int k = 0; k < 2; k++) {
        Batch batch = found.get(2 * epoch + k);
        assertEquals(8 * epoch + BATCH * k, batch.position());
        for (int row = 0; row < BATCH; row++) {
          int index = order[BATCH * k + row];
          assertEquals(index, batch.labels().get(row));
          assertEquals(
              (float) new ExampleRandom(11, epoch, index).noise().normal(), batch.drawn().get(row));
        }
      }
    }
  }

  @Test
  void everyExampleComesOnceAnEpoch() throws Exception {
    Set<Long> seen = new HashSet<>();
    for (Batch batch : batches(1000, BATCH, 0, 4, 250)) {
      assertTrue(seen.addAll(batch.labels()));
    }
    assertEquals(1000, seen.size());
  }

  @Test
  void threadsChangeNothing() throws Exception {
    List<Batch> expected = batches(37, BATCH, 0, 1, 60);
    for (int threads = 2; threads <= 8; threads++) {
      assertEquals(expected, batches(37, BATCH, 0, threads, 60));
    }
  }

  @Test
  void aResumedRunGoesOnWithTheSameBatches() throws Exception {
    List<Batch> whole = batches(37, BATCH, 0, 3, 40);
    for (int stop = 1; stop < 30; stop++) {
      long position = whole.get(stop - 1).position() + BATCH;
      assertEquals(whole.subList(stop, stop + 10), batches(37, BATCH, position, 2, 10));
    }
  }

  @Test
  void anotherBatchSizeBeginsAtThePosition() throws Exception {
    // Epochs of 36 with batches of 4; those of 9 fit four times as well.
    List<Batch> found = batches(37, 9, 40, 1, 5);
    int[] order = EpochOrder.of(11, 1, 37);
    assertEquals(40, found.get(0).position());
    assertEquals(order[4], found.get(0).labels().get(0));
    // 5 are left over at the end of this epoch.
    assertEquals(List.of(40L, 49L, 58L, 72L, 81L), found.stream().map(Batch::position).toList());
  }

  @Test
  void readsAheadAsFarAsItMay() throws Exception {
    Numbers set = new Numbers(1000);
    try (BatchLoader loader = new BatchLoader(set, BATCH, 0, 0, new LoaderOptions(2, 3))) {
      awaitReady(loader, 3);
      // No more than that, whatever the threads would like.
      assertEquals(3 * BATCH, set.reads.get());
      loader.next();
      awaitReady(loader, 3);
      assertEquals(4 * BATCH, set.reads.get());
    }
  }

  private static void awaitReady(BatchLoader loader, int count) throws InterruptedException {
    while (loader.readyBatches() < count) {
      Thread.sleep(1);
    }
  }

  @Test
  void whoTakesMoreSlowlyThanTheLoaderReadsNeverWaits() throws Exception {
    try (BatchLoader loader =
        new BatchLoader(new Numbers(100), BATCH, 0, 0, new LoaderOptions(2, 4))) {
      for (int i = 0; i < 200; i++) {
        awaitReady(loader, 1);
        loader.next();
      }
      assertEquals(0, loader.waits());
    }
  }

  /** Numbers of which each takes a permit. */
  private static Numbers behind(Semaphore permits) {
    return new Numbers(100) {
      @Override
      public Example read(long index, ExampleRandom random) throws IOException {
        permits.acquireUninterruptibly();
        return super.read(index, random);
      }
    };
  }

  @Test
  void waitsAreCounted() throws Exception {
    Semaphore permits = new Semaphore(0);
    Numbers slow = behind(permits);
    try (BatchLoader loader = new BatchLoader(slow, BATCH, 0, 0, new LoaderOptions(1, 4))) {
      Thread release =
          new Thread(
              () -> {
                while (loader.waits() == 0) {
                  Thread.onSpinWait();
                }
                permits.release(1000);
              });
      release.start();
      loader.next();
      release.join();
      assertEquals(1, loader.waits());
    }
  }

  @Test
  void whatGoesWrongComesInItsPlace() throws Exception {
    int[] order = EpochOrder.of(0, 0, 100);
    IOException failure = new IOException("the disk is gone");
    Numbers failing =
        new Numbers(100) {
          @Override
          public Example read(long index, ExampleRandom random) throws IOException {
            if (index == order[2 * BATCH + 1]) {
              throw failure;
            }
            return super.read(index, random);
          }
        };
    for (int threads : new int[] {1, 4}) {
      try (BatchLoader loader =
          new BatchLoader(failing, BATCH, 0, 0, new LoaderOptions(threads, 5))) {
        assertEquals(0, loader.next().firstPosition());
        assertEquals(BATCH, loader.next().firstPosition());
        assertSame(failure, assertThrows(IOException.class, loader::next));
        assertSame(failure, assertThrows(IOException.class, loader::next));
      }
    }
  }

  @Test
  void closingEndsTheThreadsAndWakesWhoWaits() throws Exception {
    Semaphore permits = new Semaphore(2);
    Numbers slow = behind(permits);
    BatchLoader loader = new BatchLoader(slow, BATCH, 0, 0, new LoaderOptions(2, 4));
    List<Throwable> thrown = new ArrayList<>();
    Thread waiting =
        new Thread(() -> thrown.add(assertThrows(IllegalStateException.class, loader::next)));
    waiting.start();
    while (loader.waits() == 0) {
      Thread.onSpinWait();
    }
    Thread closing = new Thread(loader::close);
    closing.start();
    waiting.join();
    assertEquals("the loader is closed", thrown.get(0).getMessage());
    // One example each is being read still, and no further one begins.
    permits.release(2);
    closing.join();
    assertTrue(slow.reads.get() <= 4, slow.reads.get() + " reads");
    assertThrows(IllegalStateException.class, loader::next);
    loader.close();
  }

  @Test
  void interruptsWhoWaits() throws Exception {
    Semaphore permits = new Semaphore(0);
    Numbers slow = behind(permits);
    try (BatchLoader loader = new BatchLoader(slow, BATCH, 0, 0, new LoaderOptions(1, 4))) {
      Thread.currentThread().interrupt();
      assertThrows(InterruptedException.class, loader::next);
      permits.release(1000);
      assertEquals(0, loader.next().firstPosition());
    }
  }

  @Test
  void refusesASetThatIsTooSmall() {
    LoaderOptions options = LoaderOptions.defaults();
    assertRefused(
        DataProblem.TOO_FEW_EXAMPLES,
        Path.of("numbers"),
        () -> new BatchLoader(new Numbers(3), BATCH, 0, 0, options),
        "the data set has fewer examples than a batch",
        "expected: at least 4",
        "actual: 3",
        "file: FILE",
        "next: take a smaller batch, or more examples");
    assertThrows(
        IllegalArgumentException.class,
        () -> new BatchLoader(new Numbers(9), BATCH, 0, -1, options));
    assertThrows(
        IllegalArgumentException.class, () -> new BatchLoader(new Numbers(9), 0, 0, 0, options));
  }

  @Test
  void loaderOptionsArePositive() {
    assertThrows(IllegalArgumentException.class, () -> new LoaderOptions(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new LoaderOptions(1, 0));
    assertArrayEquals(
        new boolean[] {true, true},
        new boolean[] {
          LoaderOptions.defaults().threads() >= 1,
          LoaderOptions.defaults().ahead() >= LoaderOptions.defaults().threads()
        });
  }
}
