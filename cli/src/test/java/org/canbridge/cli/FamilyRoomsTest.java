package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.cli.planted.outside.OutsideOfTheRoom;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Family;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.model.CallPlans;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Families are rooms: nothing but the list of a module knows one. */
final class FamilyRoomsTest {
  /** The list of each module. */
  private static final Set<String> LISTS =
      Set.of(Families.class.getName(), RuntimeFamilies.class.getName(), CallPlans.class.getName());

  /** What a room implements. */
  private static final List<Class<?>> ENTRANCES =
      List.of(Family.class, RuntimeFamily.class, FamilyBundles.class);

  /** Modules that are no dependency of this one; of them the sources are read. */
  private static final String[] FURTHER_MODULES = {"benchmarks", "experiments"};

  private static JavaClasses classes;
  private static Set<String> rooms;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/test/"))
            .importPackages("org.canbridge");
    rooms =
        classes.stream()
            .filter(c -> ENTRANCES.stream().noneMatch(c::isEquivalentTo))
            .filter(c -> ENTRANCES.stream().anyMatch(c::isAssignableTo))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Classes outside of the rooms and lists, with what they know of the rooms. */
  private static Set<String> intruders(JavaClasses among) {
    return among.stream()
        .filter(c -> !rooms.contains(c.getPackageName()))
        .filter(c -> LISTS.stream().noneMatch(list -> c.getName().startsWith(list)))
        .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
        .filter(d -> rooms.contains(d.getTargetClass().getPackageName()))
        .map(d -> d.getOriginClass().getName() + " knows " + d.getTargetClass().getName())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyFamilyHasItsRooms() {
    for (Family family : Families.all()) {
      String room = family.getClass().getPackageName();
      assertTrue(rooms.contains(room), room);
      String name = room.substring(room.lastIndexOf('.') + 1);
      assertTrue(rooms.contains("org.canbridge.runtime.family." + name), name);
    }
  }

  @Test
  void nothingButTheListsKnowsAFamily() {
    assertEquals(Set.of(), intruders(classes));
  }

  /** Otherwise nothing could be found in it. */
  @Test
  void everyModuleIsLookedAt() {
    Set<String> found = classes.stream().map(JavaClass::getName).collect(Collectors.toSet());
    for (Class<?> type :
        List.of(TensorData.class, Families.class, Model.class, CallPlans.class, Main.class)) {
      assertTrue(found.contains(type.getName()), type.getName());
    }
  }

  /** But PyTorch's word for concatenation; {@code --objective sit} is a family's recipe by name. */
  @Test
  void noFamilyIsToldByItsName() throws IOException {
    String names =
        Families.all().stream()
            .map(Family::name)
            .filter(name -> !name.equals("cat"))
            .collect(Collectors.joining("|", "\"(", ")\""));
    Pattern literal = Pattern.compile(names);
    Set<String> found = new TreeSet<>();
    Set<String> inRooms = new TreeSet<>();
    for (Path file : sources("importers", "can-runtime", "verifiers", "cli", "benchmarks")) {
      Matcher matcher = literal.matcher(Files.readString(file));
      while (matcher.find()) {
        String folder = file.getParent().toString().replace('/', '.');
        (rooms.stream().anyMatch(folder::endsWith) ? inRooms : found)
            .add(file.getFileName() + ": " + matcher.group(1));
      }
    }
    assertEquals(Set.of("ObjectiveSettings.java: sit"), found);
    assertTrue(inRooms.contains("DitConfig.java: dit"), inRooms.toString());
  }

  private static List<Path> sources(String... modules) throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : modules) {
      Path sources = Fixtures.root().resolve("../../" + module + "/src/main/java").normalize();
      try (Stream<Path> files = Files.walk(sources)) {
        files.filter(f -> f.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all;
  }

  @Test
  void anIntruderIsFound() {
    assertEquals(
        Set.of(OutsideOfTheRoom.class.getName() + " knows " + DitConfig.class.getName()),
        intruders(new ClassFileImporter().importClasses(OutsideOfTheRoom.class)));
  }

  @Test
  void modulesBesideTheProductKnowNoFamily() throws IOException {
    Set<String> found = new TreeSet<>();
    int imports = 0;
    for (Path file : sources(FURTHER_MODULES)) {
      for (String line : Files.readAllLines(file)) {
        imports += line.startsWith("import org.canbridge.") ? 1 : 0;
        if (rooms.stream().anyMatch(room -> line.startsWith("import " + room + "."))) {
          found.add(file.getFileName() + ": " + line);
        }
      }
    }
    assertEquals(Set.of(), found);
    assertTrue(imports > 0);
  }
}
