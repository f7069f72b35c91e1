using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Channels.Architecture.Tests.Runtime;

/// <summary>The in-process runtime mirrors only what grain code names. What nobody names goes, or says here why it stays.</summary>
public sealed class UnusedMembersTests
{
    private const string Runtime = "Channels.Orleans.InProcess";

    private static readonly Dictionary<byte, OpCode> OneByte = Operations(size: 1);

    private static readonly Dictionary<byte, OpCode> TwoBytes = Operations(size: 2);

    private static readonly string[] Users = ["Architecture.Tests", "Core", "Agents", "Connectors", "Storage", "Grains.Abstractions", "Grains", "Api", "Silo", "GrainHosting", "Orleans.Conformance"];

    /// <summary>Members that stay although nobody names them: <c>Type.Member</c>, or <c>Type.*</c>, with the reason.</summary>
    private static readonly Dictionary<string, string> Stays = new()
    {
        ["Orleans.DeactivationReason.Description"] = "what OnDeactivateAsync is told, in words",
        ["Orleans.DeactivationReason.Exception"] = "what OnDeactivateAsync is told",
        ["Orleans.Storage.InconsistentStateException.StoredEtag"] = "what the exception tells whoever catches it",
        ["Orleans.Storage.InconsistentStateException.CurrentEtag"] = "what the exception tells whoever catches it",
        ["Orleans.Hosting.InProcessGrainOptions.new()"] = "the options system makes it",
    };

    [Fact]
    public void Every_public_member_is_used_by_somebody()
    {
        var runtime = Assembly.Load(Runtime);
        var assemblies = Users.Select(House.AssemblyOf).ToList();
        var named = assemblies.SelectMany(NamesIn).Concat(CallsIn(runtime)).ToHashSet();
        var fulfilled = assemblies.SelectMany(assembly => FulfilledBy(assembly, runtime)).ToHashSet();

        var members = runtime.GetExportedTypes().SelectMany(MembersOf).ToList();
        var unused = members.Where(member => !member.Names.Any(named.Contains) && !fulfilled.Contains(member.Shown) && !Excused(member.Shown)).Select(member => member.Shown).Distinct().Order(StringComparer.Ordinal);
        var stale = Stays.Keys.Where(excuse => !members.Any(member => Covers(excuse, member.Shown) && !member.Names.Any(named.Contains)));

        House.None(unused.Select(member => $"{member}: nothing uses it. Take it out, or say in {nameof(Stays)} why it stays."));
        House.None(stale.Select(excuse => $"{excuse}: is used or gone; its reason can go."));
    }

    private static bool Excused(string member) => Stays.Keys.Any(excuse => Covers(excuse, member));

    private static bool Covers(string excuse, string member) => excuse.EndsWith(".*", StringComparison.Ordinal) ? member.StartsWith(excuse[..^1], StringComparison.Ordinal) : member == excuse;

    // What somebody would write to use a member, and how the metadata calls it. Constants leave no trace where they are used; what a compiler makes nobody writes.
    private static IEnumerable<(string Shown, string[] Names)> MembersOf(Type type)
    {
        var shown = type.FullName![..(type.FullName!.IndexOf('`', StringComparison.Ordinal) is > 0 and var tick ? tick : type.FullName!.Length)];
        if (type.IsEnum)
        {
            yield break;
        }

        foreach (var member in type.GetMembers(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
        {
            switch (member)
            {
                case PropertyInfo property when !FulfilsInterface(property.GetAccessors()[0]):
                    yield return ($"{shown}.{property.Name}", [.. property.GetAccessors().Select(accessor => $"{shown}.{accessor.Name}"), $"{shown}.{property.Name}"]);
                    break;
                case MethodInfo { IsSpecialName: false } method when !IsMadeByCompiler(method) && method.GetBaseDefinition() == method && !FulfilsInterface(method):
                    yield return ($"{shown}.{method.Name}", [$"{shown}.{method.Name}"]);
                    break;
                case FieldInfo { IsLiteral: false } field:
                    yield return ($"{shown}.{field.Name}", [$"{shown}.{field.Name}"]);
                    break;
                case ConstructorInfo made when !type.IsAbstract && !type.IsAssignableTo(typeof(Exception)):
                    yield return ($"{shown}.new({string.Join(", ", made.GetParameters().Select(parameter => parameter.Name))})", [$"{shown}..ctor/{made.GetParameters().Length}"]);
                    break;
            }
        }
    }

    private static bool IsMadeByCompiler(MemberInfo member) =>
        member.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)) || member.Name.StartsWith('<') || member.Name is "Deconstruct" or "PrintMembers";

    private static bool FulfilsInterface(MethodInfo method) =>
        !method.DeclaringType!.IsInterface && method.DeclaringType.GetInterfaces().Any(part => method.DeclaringType.GetInterfaceMap(part).TargetMethods.Contains(method));

    // Interface members and overridable methods that classes elsewhere give a body to.
    private static IEnumerable<string> FulfilledBy(Assembly user, Assembly runtime)
    {
        foreach (var type in user.GetTypes().Where(type => type is { IsClass: true }))
        {
            foreach (var part in type.GetInterfaces().Where(part => part.Assembly == runtime))
            {
                foreach (var member in (part.IsGenericType ? part.GetGenericTypeDefinition() : part).GetMembers())
                {
                    yield return $"{NameOf(part)}.{member.Name}";
                }
            }

            foreach (var method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (method.GetBaseDefinition().DeclaringType is { } declared && declared.Assembly == runtime)
                {
                    yield return $"{NameOf(declared)}.{method.Name}";
                }
            }
        }
    }

    private static string NameOf(Type type) => type.FullName is null
        ? $"{type.Namespace}.{type.Name.Split('`')[0]}"
        : type.FullName.Split('`')[0];

    // Every member of the runtime that an assembly's metadata refers to, named arguments of attributes included.
    private static HashSet<string> NamesIn(Assembly user)
    {
        using var file = new PEReader(File.OpenRead(user.Location));
        var metadata = file.GetMetadataReader();
        var names = new HashSet<string>();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (TypeNamed(metadata, member.Parent) is { } type)
            {
                var name = metadata.GetString(member.Name);
                names.Add(name == ".ctor" ? $"{type}..ctor/{Parameters(metadata, member)}" : $"{type}.{name}");
            }
        }

        foreach (var attribute in user.GetTypes().SelectMany(type => type.GetMembers(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Prepend(type)).SelectMany(member => member.GetCustomAttributesData()))
        {
            foreach (var argument in attribute.NamedArguments)
            {
                names.Add($"{attribute.AttributeType.FullName}.{argument.MemberName}");
            }
        }

        return names;
    }

    // What the runtime itself calls: members of its own assembly are no references in its metadata, so their uses are read from the code.
    private static IEnumerable<string> CallsIn(Assembly runtime)
    {
        foreach (var method in runtime.GetTypes().SelectMany(type => type.GetMembers(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)).OfType<MethodBase>())
        {
            if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            {
                continue;
            }

            foreach (var token in Tokens(code))
            {
                var called = runtime.ManifestModule.ResolveMember(token, method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
                if (called is { DeclaringType: { } type } && type.Assembly == runtime)
                {
                    yield return called is ConstructorInfo made ? $"{NameOf(type)}..ctor/{made.GetParameters().Length}" : $"{NameOf(type)}.{called.Name}";
                }
            }
        }
    }

    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var operation = code[at] == 0xFE ? TwoBytes[code[at + 1]] : OneByte[code[at]];
            at += operation.Size;
            if (operation.OperandType is OperandType.InlineMethod or OperandType.InlineField)
            {
                yield return BitConverter.ToInt32(code, at);
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static Dictionary<byte, OpCode> Operations(int size) => typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .Where(operation => operation.Size == size)
        .ToDictionary(operation => (byte)(operation.Value & 0xFF));

    private static int Parameters(MetadataReader metadata, MemberReference member)
    {
        var signature = metadata.GetBlobReader(member.Signature);
        signature.ReadSignatureHeader();
        return signature.ReadCompressedInteger();
    }

    private static string? TypeNamed(MetadataReader metadata, EntityHandle parent)
    {
        switch (parent.Kind)
        {
            case HandleKind.TypeReference:
                var type = metadata.GetTypeReference((TypeReferenceHandle)parent);
                var name = metadata.GetString(type.Name).Split('`')[0];
                return type.ResolutionScope.Kind == HandleKind.TypeReference ? $"{TypeNamed(metadata, type.ResolutionScope)}+{name}" : $"{metadata.GetString(type.Namespace)}.{name}";
            case HandleKind.TypeSpecification:
                // A generic instance: its first bytes name the generic type.
                var blob = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
                if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
                {
                    return null;
                }

                blob.ReadCompressedInteger();
                var generic = blob.ReadTypeHandle();
                return generic.Kind == HandleKind.TypeReference ? TypeNamed(metadata, generic) : null;
            default:
                return null;
        }
    }
}
